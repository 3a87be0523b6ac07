-- R1: the letter names the unit. Rows of before have no name until the register publishes them again.
alter table units add column name text;
