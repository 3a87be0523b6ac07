-- R42: the people of the authority as the directory, which control owns, has published them: neither name nor reason.
create table people (
  person_id text primary key,       -- pseudonymous, as tokens carry it
  centre text not null,
  roles text[] not null,
  leads text,                       -- the centre that a leader leads
  works_until date,                 -- the last day at the authority; null for who stays
  stand_ins jsonb not null,         -- by id: who acts for the person, from one day to another
  absences jsonb not null           -- by id: from one day to another
);
