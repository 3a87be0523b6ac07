-- R29: what the company portal is told, in order. The numbers count entries only, not positions of the log: what is told
-- to the authority alone, as two days before a hidden visit, leaves no gap that could be counted (R18).
create table portal_entries (
  position bigint primary key,
  cvr text not null,
  company_position bigint not null,  -- the same entry counted among those of its legal entity, which reads no others
  log_position bigint not null,      -- of the fact
  entry jsonb not null,              -- as it was told, without its position: codes and ids
  unique (cvr, company_position)
);

-- Up to where the log was looked through for entries.
create table portal_feed (
  taken_to bigint not null,          -- position of the log
  base bigint not null,              -- entries are numbered from here on: a restored log begins at another billion
  history text,                      -- of the log when it was looked through last; null before the first time
  only_row bool primary key default true check (only_row)
);
insert into portal_feed values (0, 0, null);

-- Up to where the portal has taken entries that were pushed to it, and how the last try failed.
create table portal_webhook (
  told_to bigint not null,           -- position of the feed
  tries integer not null,            -- how many have failed since
  failure text,                      -- of the last try: a code; nothing of what the other side said
  status integer,                    -- the HTTP status of the answer, if there was one
  failed_at timestamptz,             -- by the clock of the domain, as `again_at`
  again_at timestamptz,              -- null if nothing is tried again before the next start
  only_row bool primary key default true check (only_row)
);
insert into portal_webhook values (0, 0, null, null, null, null);
