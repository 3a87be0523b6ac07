"""Read what the schemas of a database are made of from PostgreSQL's catalogues, and name what differs between two."""

import difflib
import re
from collections.abc import Mapping

import asyncpg

Catalogue = Mapping[str, Mapping[str, str]]
"""The properties of each object, by the name that PostgreSQL gives it: "table offers.log", "column x of table y"."""


async def read_catalogue(dsn: str) -> Catalogue:
    """All that does not belong to PostgreSQL itself, except alembic's own tables (migrated_...).

    Raises NotImplementedError for an object of a kind that is not read here, so that none is passed over in silence.
    """
    # Without a search_path PostgreSQL writes every name with its schema.
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "pg_catalog"})
    try:
        unread = await connection.fetchval(_OURS + _OF_OTHER_KINDS)
        if unread is not None:
            raise NotImplementedError(f"{unread}: the catalogue does not read objects of this kind yet")
        catalogue: dict[str, dict[str, str]] = {}
        for query in _QUERIES:
            for row in await connection.fetch(_OURS + query):
                properties = {name: _text(value) for name, value in row.items() if value is not None}
                catalogue.setdefault(properties.pop("object"), {}).update(properties)
        return catalogue
    finally:
        await connection.close()


def differences(left: Catalogue, right: Catalogue, sides: tuple[str, str] = ("left", "right")) -> list[str]:
    """What differs, by object and property; empty where the two are the same. `sides` names the two in what is told.

    Partitions of events that only one of them has are passed over: they are made when the log has grown.
    """
    found = []
    for name in sorted(left.keys() | right.keys()):
        if _in_partition_of_one_side(name, left, right):
            continue
        if name not in left or name not in right:
            found.append(f"{name}: only in {sides[name in right]}")
            continue
        for what in sorted(left[name].keys() | right[name].keys()):
            one, other = left[name].get(what), right[name].get(what)
            if one != other:
                found.append(f"{name}: {what}:{_difference(one, other, sides)}")
    return found


def assert_same_schemas(left: Catalogue, right: Catalogue, sides: tuple[str, str]) -> None:
    """Fails with each difference on a line of its own."""
    found = differences(left, right, sides)
    assert not found, f"{len(found)} differences:\n" + "\n".join(found)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


_PARTITION = re.compile(r"\b\w+\.events_\d+")


def _in_partition_of_one_side(name: str, left: Catalogue, right: Catalogue) -> bool:
    partition = _PARTITION.search(name)
    return partition is not None and (f"table {partition[0]}" in left) != (f"table {partition[0]}" in right)


def _difference(one: str | None, other: str | None, sides: tuple[str, str]) -> str:
    """Of values with several lines, the lines that differ."""
    if one is None or other is None or "\n" not in one + other:
        return f" {one!r} in {sides[0]}, {other!r} in {sides[1]}"
    lines = difflib.unified_diff(one.splitlines(), other.splitlines(), *sides, lineterm="", n=0)
    return "".join(f"\n    {line}" for line in lines)


def _grants(acl: str, default: str) -> str:
    """SQL for who may do what, by whose grant. No list at all means the default, which a dump may have written out."""
    return f"""(
      select string_agg(format('%s by %s: %s', grantee, grantor, privileges), e'\\n' order by grantee, grantor)
      from (select case grantee when 0 then 'public' else grantee::regrole::text end as grantee,
                   grantor::regrole::text as grantor,
                   string_agg(privilege_type || case when is_grantable then ' with grant option' else '' end, ', '
                              order by privilege_type) as privileges
            from aclexplode(coalesce({acl}, {default})) group by 1, 2) granted)"""


_OURS = r"""
with our_schemas as (
  select * from pg_namespace where nspname <> 'information_schema' and nspname not like 'pg\_%'
), our_relations as (
  select * from pg_class
  where relnamespace in (select oid from our_schemas) and relname not like 'migrated\_%'
), our_functions as (
  select * from pg_proc where pronamespace in (select oid from our_schemas)
)
"""

_OF_OTHER_KINDS = """
select pg_describe_object(classid, objid, objsubid) from pg_depend
where refclassid = 'pg_namespace'::regclass and refobjid in (select oid from our_schemas)
  and classid not in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_default_acl'::regclass)
  and not (classid = 'pg_type'::regclass and exists (select from pg_type where oid = objid and typtype = 'c'))
union all
select pg_describe_object('pg_class'::regclass, oid, 0) from our_relations
where relkind not in ('r', 'p', 'i', 'I', 'v', 'm', 'S', 'c')
union all
select pg_describe_object('pg_proc'::regclass, oid, 0) from our_functions where prokind not in ('f', 'p')
limit 1
"""

_SCHEMAS = f"""
select pg_describe_object('pg_namespace'::regclass, n.oid, 0) as object, n.nspowner::regrole as owner,
       {_grants("n.nspacl", "acldefault('n', n.nspowner)")} as grants
from our_schemas n
"""

_DEFAULT_PRIVILEGES = f"""
select pg_describe_object('pg_default_acl'::regclass, d.oid, 0) as object, {_grants("d.defaclacl", "null")} as grants
from pg_default_acl d
"""

_DEFAULT_OF_RELATION = """acldefault((case c.relkind when 'S' then 's' else 'r' end)::"char", c.relowner)"""
_RELATIONS = f"""
select pg_describe_object('pg_class'::regclass, c.oid, 0) as object, c.relowner::regrole as owner,
       case when c.relkind = 'c'
         then (select {_grants("t.typacl", "acldefault('T', c.relowner)")} from pg_type t where t.oid = c.reltype)
         when c.relkind not in ('i', 'I')
         then {_grants("c.relacl", _DEFAULT_OF_RELATION)}
       end as grants,
       (select string_agg(option, ', ' order by option) from unnest(c.reloptions) option) as options,
       case c.relpersistence when 'p' then 'yes' else 'no' end as permanent,
       (select amname from pg_am where oid = c.relam) as access_method,
       (select spcname from pg_tablespace where oid = c.reltablespace) as tablespace,
       c.relrowsecurity as row_security, c.relforcerowsecurity as forced_row_security,
       c.relreplident as replica_identity,
       pg_get_partkeydef(c.oid) as partitioned, pg_get_expr(c.relpartbound, c.oid) as partition,
       (select string_agg(inhparent::regclass::text, ', ' order by inhseqno) from pg_inherits where inhrelid = c.oid)
         as inherits,
       (select string_agg(attname, e'\\n' order by attnum) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped and c.relkind not in ('i', 'I', 'S')) as columns,
       case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition
from our_relations c
"""

# A column that was dropped keeps its number for ever, so numbers are not read: the relation's columns tell the order.
# PostgreSQL names a constraint "not null" after the table that it was first written on. Nothing refers to the name, and
# `like` copies it, so that it tells how a table was made and not what it is: the name is not read.
_COLUMNS = f"""
select pg_describe_object('pg_class'::regclass, a.attrelid, a.attnum) as object,
       format_type(a.atttypid, a.atttypmod) as type,
       (select pg_get_constraintdef(k.oid) from pg_constraint k
        where k.conrelid = a.attrelid and k.contype = 'n' and k.conkey = array[a.attnum]) as not_null,
       pg_get_expr(d.adbin, d.adrelid) as default, nullif(a.attgenerated, '') as generated,
       nullif(a.attidentity, '') as identity, nullif(a.attcollation, 0)::regcollation as collation,
       a.attstorage as storage, nullif(a.attcompression, '') as compression, a.attstattarget as statistics_target,
       a.attoptions::text as options, {_grants("a.attacl", "acldefault('c', c.relowner)")} as grants
from our_relations c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind not in ('i', 'I', 'S')
"""

_CONSTRAINTS = """
select pg_describe_object('pg_constraint'::regclass, k.oid, 0) as object, pg_get_constraintdef(k.oid) as definition,
       k.coninhcount as inherited, k.conislocal as own
from our_relations c join pg_constraint k on k.conrelid = c.oid
where k.contype <> 'n'
"""

_INDEXES = """
select pg_describe_object('pg_class'::regclass, i.indexrelid, 0) as object,
       pg_get_indexdef(i.indexrelid) as definition, i.indisprimary as primary, i.indisvalid as valid,
       i.indisready as ready, i.indisclustered as clustered, i.indisreplident as is_replica_identity,
       (select string_agg(format('%s: %s', attnum, attstattarget), ', ' order by attnum)
        from pg_attribute where attrelid = i.indexrelid and attstattarget is not null) as statistics_targets
from our_relations c join pg_index i on i.indexrelid = c.oid
"""

_SEQUENCES = """
select pg_describe_object('pg_class'::regclass, s.seqrelid, 0) as object, format_type(s.seqtypid, null) as type,
       s.seqstart as start, s.seqincrement as increment, s.seqmin as minimum, s.seqmax as maximum, s.seqcache as cache,
       s.seqcycle as cycle,
       (select pg_describe_object(refclassid, refobjid, refobjsubid) from pg_depend
        where classid = 'pg_class'::regclass and objid = s.seqrelid and deptype in ('a', 'i')
          and refclassid = 'pg_class'::regclass) as owned_by
from our_relations c join pg_sequence s on s.seqrelid = c.oid
"""

_FUNCTIONS = f"""
select pg_describe_object('pg_proc'::regclass, p.oid, 0) as object, p.proowner::regrole as owner,
       {_grants("p.proacl", "acldefault('f', p.proowner)")} as grants,
       case p.prokind when 'p' then 'procedure' else 'function' end as kind,
       pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result,
       (select lanname from pg_language where oid = p.prolang) as language,
       coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body,
       p.provolatile as volatility, p.proparallel as parallel, p.proisstrict as strict,
       p.prosecdef as security_definer, p.proleakproof as leakproof, p.procost as cost, p.prorows as rows,
       nullif(p.prosupport, 0)::regproc as support,
       (select string_agg(setting, ', ' order by setting) from unnest(p.proconfig) setting) as settings
from our_functions p
"""

_TRIGGERS = """
select pg_describe_object('pg_trigger'::regclass, t.oid, 0) as object, pg_get_triggerdef(t.oid) as definition,
       t.tgenabled as enabled
from our_relations c join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
"""

_RULES = """
select pg_describe_object('pg_rewrite'::regclass, r.oid, 0) as object, pg_get_ruledef(r.oid) as definition,
       r.ev_enabled as enabled
from our_relations c join pg_rewrite r on r.ev_class = c.oid and r.rulename <> '_RETURN'
"""

_POLICIES = """
select pg_describe_object('pg_policy'::regclass, p.oid, 0) as object, p.polcmd as command,
       p.polpermissive as permissive,
       (select string_agg(case role when 0 then 'public' else role::regrole::text end, ', ' order by role)
        from unnest(p.polroles) role) as roles,
       pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as with_check
from our_relations c join pg_policy p on p.polrelid = c.oid
"""

_EXTENSIONS = """
select pg_describe_object('pg_extension'::regclass, oid, 0) as object, extversion as version from pg_extension
"""

# Objects below this number are those that every database has from the beginning.
_COMMENTS = """
select pg_describe_object(classoid, objoid, objsubid) as object, description as comment
from pg_description where objoid >= 16384
"""

_QUERIES = (
    _SCHEMAS,
    _DEFAULT_PRIVILEGES,
    _RELATIONS,
    _COLUMNS,
    _CONSTRAINTS,
    _INDEXES,
    _SEQUENCES,
    _FUNCTIONS,
    _TRIGGERS,
    _RULES,
    _POLICIES,
    _EXTENSIONS,
    _COMMENTS,
)
