-- The day board asks for trips that have not ended before its day, of which there are few whatever is kept.
CREATE INDEX trip_by_end ON trip (org_id, planned_end);
