-- name: settled_until
SELECT settled_until() AS moment
