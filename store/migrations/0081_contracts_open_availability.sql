-- Beside sales, an active contract opens how the contract's brands stand at the distributor: how many outlets they reached, what is
-- in stock at depots and on vans at the span's end, and how often shelves with a sensor ran empty. No outlet is named.
CREATE FUNCTION contract_availability(a_contract_id text, since date, until date)
    RETURNS TABLE (
        organisation text, product_id text, name text, brand text, outlets bigint, outlets_reached bigint, visits bigint,
        depot_pieces bigint, van_pieces bigint, shelves bigint, stock_outs bigint, empty_h double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public SET timezone = 'UTC'
BEGIN ATOMIC
    WITH party AS (
        SELECT contract.org_id, contract.manufacturer_id, contract.brands, greatest(since, contract.valid_from) AS first_day,
            least(until, coalesce(contract.valid_until + 1, until)) AS end_day
        FROM brand_contract AS contract
        WHERE contract.contract_id = a_contract_id AND contract.state = 'active'
            AND (contract.manufacturer_id = ANY (visible_orgs()) OR contract.org_id = ANY (visible_orgs()))
    ), shown AS (
        SELECT party.*, product.product_id, product.name, product.brand
        FROM party JOIN product ON product.org_id = party.org_id AND product.brand IS NOT NULL AND (
            product.brand = ANY (party.brands)
            OR (party.brands = '{}' AND product.brand IN (
                SELECT own.brand FROM product AS own WHERE own.org_id = party.manufacturer_id AND own.brand IS NOT NULL)))
        WHERE party.first_day < party.end_day
    )
    SELECT distributor.slug, shown.product_id, shown.name, shown.brand,
        (SELECT count(*) FROM outlet WHERE outlet.org_id = shown.org_id AND outlet.state = 'approved'),
        sold.outlets, sold.visits, coalesce(stock.depot, 0), coalesce(stock.van, 0), shelf.shelves, shelf.stock_outs, shelf.empty_h
    FROM shown
    JOIN organisation AS distributor ON distributor.org_id = shown.org_id
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT sales_order.outlet_id) FILTER (WHERE line.delivered > 0) AS outlets,
            count(DISTINCT (visit.trip_id, visit.stop_id)) FILTER (WHERE visit.state IN ('serviced', 'out_of_sequence')) AS visits
        FROM order_line AS line
        JOIN sales_order ON sales_order.org_id = line.org_id AND sales_order.order_id = line.order_id
        LEFT JOIN visit ON visit.org_id = sales_order.org_id AND visit.trip_id = sales_order.trip_id AND visit.stop_id = sales_order.stop_id
        WHERE line.org_id = shown.org_id AND line.product_id = shown.product_id
            AND sales_order.state NOT IN ('draft', 'cancelled')
            AND sales_order.due_on >= shown.first_day AND sales_order.due_on < shown.end_day
    ) AS sold
    CROSS JOIN LATERAL (
        SELECT sum(pieces) FILTER (WHERE place_kind = 'depot') AS depot, sum(pieces) FILTER (WHERE place_kind = 'van') AS van
        FROM stock_movement AS movement
        WHERE movement.org_id = shown.org_id AND movement.product_id = shown.product_id AND movement.moved_at < shown.end_day
    ) AS stock
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT sensor.device_id) AS shelves, count(event.event_id) AS stock_outs,
            coalesce(sum(extract(epoch FROM
                least(coalesce(event.ended_at, now()), shown.end_day) - greatest(event.started_at, shown.first_day)
            )), 0)::double precision / 3600 AS empty_h
        FROM shelf_sensor AS sensor
        LEFT JOIN event ON event.org_id = sensor.org_id AND event.device_id = sensor.device_id AND event.rule = 'shelf_stock_out'
            AND event.superseded_at IS NULL
            AND event.started_at < shown.end_day AND coalesce(event.ended_at, now()) > shown.first_day
        WHERE sensor.org_id = shown.org_id AND sensor.product_id = shown.product_id
    ) AS shelf
    ORDER BY shown.product_id;
END;
REVOKE EXECUTE ON FUNCTION contract_availability FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contract_availability TO beatwatch_api;
