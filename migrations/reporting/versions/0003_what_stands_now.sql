-- What stands now where dates alone do not say it: guidance that is offered again, places that are controlled one by
-- one, orders of which some are issued.
-- Rows of before have none until the next rebuild folds all facts again.
do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table cases%s
      add column guidance_stands text,                          -- R12, R30: not_offered, offered, accepted, declined, held, closed
      add column guidance_in_time bool,                         -- R12: offered, the first time, before its due day was over
      add column contacts jsonb not null default ''{}'',        -- R5: by contact: reached, understood, held_at, minutes
      add column controls jsonb not null default ''{}'',        -- R17, R20: by place: outcome, held_at, in_time, minutes
      add column orders jsonb not null default ''{}''           -- R22: by request: unit, overdue, issued
    ', suffix);
  end loop;
end $$;

create view v_guidance as
  select c.case_id, own.guidance_stands as stands, own.guidance_in_time as in_time,
         own.guidance_overdue_at as overdue_at, c.topic, c.problem_group, c.industry, c.sector, c.size_class,
         c.inspector, c.status
  from v_cases c join cases own on own.case_id = c.case_id and own.audience = 'authority'
  where c.case_type = 'agreement' and c.accepted_at is not null;
comment on view v_guidance is 'How guidance stands in each accepted agreement, and whether it was offered in time (R12).';
grant select on v_guidance to aftale_analyst;
