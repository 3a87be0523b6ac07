-- Steps that a release carries out once over all streams. A process that is started again goes on behind `after`.
create table release_steps (
  name text primary key,
  after uuid,                       -- the last stream, in the order of ids, for which the step was taken
  done_at timestamptz
);
