-- R40: a unit that has ceased belongs to nobody from that day on. Processes of before refuse what is offered there: it is
-- not the unit of the legal entity that is named.
alter table units
  alter column cvr drop not null,
  alter column industry drop not null;
