-- A rebuild folds one case after the other: all facts that concern a case are read together, in order.

-- The agreement that the order, case or offer which a fact opens follows from: the fact concerns that agreement too.
-- The same as case_projection.earlier_agreement. Not a column, so that facts kept meanwhile by an older process have it.
create function follows(type text, data jsonb) returns uuid language sql immutable parallel safe
return (case type
  when 'OfferSent' then data ->> 'follows'
  when 'OrderIssued' then data ->> 'agreement_id'
  when 'OtherCaseOpened' then data ->> 'agreement_id'
end)::uuid;
create index facts_that_follow on facts (follows(type, data), position) where follows(type, data) is not null;

-- Facts of the register, and those whose type is not known (yet).
create index facts_of_no_case on facts (position) where case_id is null;

-- Named anew by every transaction that changes rows of the view: a process that finds the name that it gave last knows
-- that the rows it wrote are still those of the database.
alter table checkpoint add column state uuid not null default gen_random_uuid();
