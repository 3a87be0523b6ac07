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
-- R29: tries to send. A row is committed before the socket is touched, and has its outcome once the other side has
-- answered. A row without one says: the process ended meanwhile, and it is not known whether that message was sent.
create table sending (
  message_id text not null,       -- as the header Message-ID has it, without brackets
  try_number integer not null,    -- counts the tries of the message from 0
  told_by uuid not null,          -- the stream that records what became of the message
  begun_at timestamptz not null,  -- by the clock of the domain
  outcome text check (outcome in ('sent', 'sent-again', 'failed', 'in-doubt')),
  failure text,                   -- of a failed try: one of TryFailure
  status text,                    -- of a failed try: a code; nothing of what the other side said
  primary key (message_id, try_number)
);
create index sending_begun on sending (begun_at);  -- old rows are deleted by it

-- R4: messages of which a report said that they were not delivered; a row is written once the report has its effect.
create table returned (
  message_id text primary key,
  returned_at timestamptz not null  -- by the clock of the domain; old rows are deleted by it
);
