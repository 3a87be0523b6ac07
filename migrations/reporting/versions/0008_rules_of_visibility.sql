-- Null until a release that knows these columns has folded the companies' rows: until then no company is served.
alter table checkpoint
  add column visibility text,
  add column companies_state uuid;

-- R18: an inspection of another system is told to the company only when it is announced or closed, and then by facts
-- that name the agreement that it follows from. No such fact has named one before, so the index stands as it is.
create or replace function follows(type text, data jsonb) returns uuid language sql immutable parallel safe
return (case type
  when 'OfferSent' then data ->> 'follows'
  when 'OrderIssued' then data ->> 'agreement_id'
  when 'OtherCaseOpened' then data ->> 'agreement_id'
  when 'OtherCaseAnnounced' then data ->> 'agreement_id'
  when 'OtherCaseClosed' then data ->> 'agreement_id'
end)::uuid;
