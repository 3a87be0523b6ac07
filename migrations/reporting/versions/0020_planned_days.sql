-- Expand. A column at the end of both tables of places: processes of the release before write places without it.
alter table places add column planned_on date;
alter table places_rebuilt add column planned_on date;
