-- Expand. The agreement that a fact follows from was computed by the function `follows`, a copy of what the service's code
-- says. The service writes it beside the fact from now on, as it does the fact's case. Processes of the release before
-- read the function and its index, which the next release drops; what these processes keep meanwhile gets the column from
-- the next rebuild, which begins with that.
--
-- Whoever takes facts or ends a rebuild locks the checkpoint first: then nobody waits for this who is waited for.
select from checkpoint for update;

alter table facts_as_understood add column follows uuid;

update facts_as_understood understood set follows = follows(f.type, f.data)
from facts f where f.position = understood.position and follows(f.type, f.data) is not null;

create index facts_as_understood_that_follow on facts_as_understood (follows, position) where follows is not null;
