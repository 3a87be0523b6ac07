-- R30: the trigger of every table whose rows stay as they were recorded.
create function refuse_to_change_history() returns trigger language plpgsql as $$
begin
  raise exception 'rows of %.% are only added: what happened stays as it was recorded (R30)',
    tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
end $$;
