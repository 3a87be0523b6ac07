-- R8, R41: what ties two cases that are in conflict. The row belongs to the case whose fact told it, and is found from
-- both: with an order on the topic of an agreement, another agreement there, or the breach behind a quarantine.
-- Rows of before have none until the rebuild that follows an upgrade has folded all facts again.
create table links (
  audience text not null,
  case_id uuid not null,
  other_case_id uuid not null,
  kind text not null,
  since timestamptz not null,
  ended_at timestamptz,
  primary key (case_id, audience, other_case_id, kind)
);
create index on links (other_case_id, audience);
create table links_rebuilt (like links including all);

do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table cases%s add column open_conflicts int not null default 0', suffix);
  end loop;
end $$;

create view v_conflicts as
  select case_id, other_case_id, kind, since, ended_at from links where audience = 'authority';
comment on view v_conflicts is
  'Conflicts of agreements (R8, R41): with an order, another agreement, or the breach behind a quarantine.';

comment on view v_case_history is
  'The statuses of each case: effective_at is from when on it held, as the fact says, recorded_at when it was known. The
   status of a case on day D as known on day K: of the rows with effective_at <= D and recorded_at <= K leave out those
   that have one with a higher position and no lower effective_at, and take an ending, or else the newest by effective_at.';
