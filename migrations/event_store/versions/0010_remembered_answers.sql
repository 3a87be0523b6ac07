-- When a key was used is told by the clock that facts are recorded by: the virtual one, where there is one.
alter table handled alter column handled_at
  set default coalesce(nullif(current_setting('aftale.virtual_now', true), '')::timestamptz, now());
