package sqldb

import (
	"fmt"
	"strings"
)

// reserved are the words after which RDS makes no database: of PostgreSQL all key words of
// its language, reserved there or not, and some that were seen to be refused; those that
// are reserved in the language of MySQL; and the databases that there are already.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html,
// https://www.postgresql.org/docs/17/sql-keywords-appendix.html
// and https://dev.mysql.com/doc/refman/8.4/en/keywords.html
var reserved = map[Dialect]string{
	DialectPostgres: ` abort absolute access action add admin after aggregate all also alter
 always analyse analyze and any array as asc asensitive assertion assignment asymmetric at atomic attach attribute
 authorization backward before begin between bigint binary bit boolean both breadth by cache
 call called cascade cascaded case cast catalog chain char character characteristics check
 checkpoint class close cluster coalesce collate collation column columns comment comments
 commit committed compression concurrently configuration conflict connection constraint
 constraints content continue conversion copy cost create cross csv cube current
 current_catalog current_date current_role current_schema current_time current_timestamp
 current_user cursor cycle data database day deallocate dec decimal declare default defaults
 deferrable deferred definer delete delimiter delimiters depends depth desc detach dictionary
 disable discard distinct do document domain double drop each else enable encoding encrypted
 end enum escape event except exclude excluding exclusive execute exists explain expression
 extension external extract false family fetch filter finalize first float following for
 force foreign forward freeze from full function functions generated global grant granted
 greatest group grouping groups handler having header hold hour identity if ilike immediate
 immutable implicit import in include including increment index indexes inherit inherits
 initially inline inner inout input insensitive insert instead int integer intersect interval
 into invoker is isnull isolation join key label language large last lateral leading
 leakproof least left level like limit listen load local localtime localtimestamp location
 lock locked logged mapping match matched materialized maxvalue merge method minute minvalue
 mode month move name names national natural nchar new next nfc nfd nfkc nfkd no none
 normalize normalized not nothing notify notnull nowait null nullif nulls numeric object of
 off offset oids old on only operator option options or order ordinality others out outer
 over overlaps overlay overriding owned owner parallel parameter parser partial partition
 passing password placing plans policy position preceding precision prepare prepared preserve
 primary prior privileges procedural procedure procedures program publication quote range
 read real reassign recheck recursive ref references referencing refresh reindex relative
 release rename repeatable replace replica reset restart restrict return returning returns
 revoke right role rollback rollup routine routines row rows rule savepoint schema schemas
 scroll search second security select sequence sequences serializable server session
 session_user set setof sets share show similar simple skip smallint snapshot some sql stable
 standalone start statement statistics stdin stdout storage stored strict strip subscription
 substring support symmetric sysid system system_user table tables tablesample tablespace
 temp template temporary text then ties time timestamp to trailing transaction transform
 treat trigger trim true truncate trusted type types uescape unbounded uncommitted
 unencrypted union unique unknown unlisten unlogged until update user using vacuum valid
 validate validator value values varchar variadic varying verbose version view views volatile
 when where whitespace window with within without work wrapper write xml xmlattributes
 xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize
 xmltable year yes zone
 db dispatch flag rdsadmin template0 template1 `,
	DialectMySQL: ` accessible add all alter analyze and as asc asensitive before between
 bigint binary blob both by call cascade case change char character check collate column
 condition constraint continue convert create cross cube cume_dist current_date current_time
 current_timestamp current_user cursor database databases day_hour day_microsecond day_minute
 day_second dec decimal declare default delayed delete dense_rank desc describe deterministic
 distinct distinctrow div double drop dual each else elseif empty enclosed escaped except
 exists exit explain false fetch first_value float float4 float8 for force foreign from
 fulltext function generated get grant group grouping groups having high_priority
 hour_microsecond hour_minute hour_second if ignore in index infile inner inout insensitive
 insert int int1 int2 int3 int4 int8 integer intersect interval into io_after_gtids
 io_before_gtids is iterate join json_table key keys kill lag last_value lateral lead leading
 leave left like limit linear lines load localtime localtimestamp lock long longblob longtext
 loop low_priority manual match maxvalue mediumblob mediumint mediumtext middleint
 minute_microsecond minute_second mod modifies natural no_write_to_binlog not nth_value ntile
 null numeric of on optimize optimizer_costs option optionally or order out outer outfile over
 parallel partition percent_rank precision primary procedure purge qualify range rank read
 read_write reads real recursive references regexp release rename repeat replace require
 resignal restrict return revoke right rlike row row_number rows schema schemas
 second_microsecond select sensitive separator set show signal smallint spatial specific sql
 sql_big_result sql_calc_found_rows sql_small_result sqlexception sqlstate sqlwarning ssl
 starting stored straight_join system table tablesample terminated then tinyblob tinyint
 tinytext to trailing trigger true undo union unique unlock unsigned update usage use using
 utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying virtual when
 where while window with write xor year_month zerofill
 information_schema mysql performance_schema sys `,
}

// reservedName is the mistake of a database that RDS does not make.
func (s Spec) reservedName() error {
	name := strings.ToLower(strings.ReplaceAll(s.Logical, "-", "_"))
	words := strings.ReplaceAll(reserved[s.Dialect()], "\n", "")
	if s.Engine == DSQL || !strings.Contains(words, " "+name+" ") {
		return nil
	}
	return fmt.Errorf("RDS makes no database called %q, which is a reserved word of %s; give it another name, such as %q", name, s.Engine, s.Logical+"_db")
}
