-- What an active brand contract opens to the manufacturer: the distributor's sales of the contract's brands, by product and day,
-- on the days of the contract. Nothing else of the distributor is seen, and nobody but the two sees this.
CREATE FUNCTION contract_sales(a_contract_id text, since date, until date)
    RETURNS TABLE (
        organisation text, product_id text, name text, brand text, day date, orders bigint, ordered bigint, delivered bigint,
        short bigint, damaged bigint, returned bigint, value numeric
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC
    SELECT distributor.slug, product.product_id, product.name, product.brand, sales_order.due_on, count(DISTINCT sales_order.order_id),
        sum(line.ordered), coalesce(sum(line.delivered), 0), coalesce(sum(line.short), 0), coalesce(sum(line.damaged), 0),
        coalesce(sum(line.returned), 0), coalesce(sum(line.delivered * line.price), 0)
    FROM brand_contract AS contract
    JOIN organisation AS distributor ON distributor.org_id = contract.org_id
    JOIN product ON product.org_id = contract.org_id AND product.brand IS NOT NULL AND (
        product.brand = ANY (contract.brands)
        OR (contract.brands = '{}' AND product.brand IN (
            SELECT own.brand FROM product AS own WHERE own.org_id = contract.manufacturer_id AND own.brand IS NOT NULL)))
    JOIN order_line AS line ON line.org_id = product.org_id AND line.product_id = product.product_id
    JOIN sales_order ON sales_order.org_id = line.org_id AND sales_order.order_id = line.order_id
    WHERE contract.contract_id = a_contract_id AND contract.state = 'active'
        AND (contract.manufacturer_id = ANY (visible_orgs()) OR contract.org_id = ANY (visible_orgs()))
        AND sales_order.state NOT IN ('draft', 'cancelled')
        AND sales_order.due_on >= greatest(since, contract.valid_from)
        AND sales_order.due_on < until AND sales_order.due_on <= coalesce(contract.valid_until, sales_order.due_on)
    GROUP BY distributor.slug, product.product_id, product.name, product.brand, sales_order.due_on
    ORDER BY sales_order.due_on, product.product_id;
END;
REVOKE EXECUTE ON FUNCTION contract_sales FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contract_sales TO beatwatch_api;

-- What webhooks were told long ago is forgotten.
CREATE INDEX ON webhook_message (created_at) WHERE state <> 'pending';
GRANT DELETE ON webhook_message TO beatwatch_worker;
