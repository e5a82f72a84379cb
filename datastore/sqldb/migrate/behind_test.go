package migrate_test

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// TestBehind: older code finds the database ahead, which is no mistake if that is
// said; what is not there any more, or changed, is one all the same.
func TestBehind(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	all := map[string]string{"1_a.sql": "CREATE TABLE a (x INTEGER)", "2_b.sql": "CREATE TABLE b (x INTEGER)", "3_c.sql": "CREATE TABLE c (x INTEGER)"}
	up := func(behind bool, files map[string]string) (string, error) {
		o := options(files)
		o.Behind = behind
		done, err := migrate.Up(t.Context(), db, o)
		return strings.Join(names(done), " "), err
	}
	if done, err := up(false, all); err != nil || done != "1_a.sql 2_b.sql 3_c.sql" {
		t.Fatalf("Up = %q, %v", done, err)
	}
	for name, tt := range map[string]struct {
		behind bool
		files  map[string]string
		want   string // of the error
	}{
		"older":             {true, map[string]string{"1_a.sql": all["1_a.sql"]}, ""},
		"none":              {true, map[string]string{}, ""},
		"older, not said":   {false, map[string]string{"1_a.sql": all["1_a.sql"]}, "was applied and is not there any more"},
		"one in the middle": {true, map[string]string{"1_a.sql": all["1_a.sql"], "3_c.sql": all["3_c.sql"]}, "migration 2_b.sql was applied and is not there any more"},
		"changed":           {true, map[string]string{"1_a.sql": "SELECT 1"}, "was applied with another text"},
		"between":           {true, map[string]string{"1_a.sql": all["1_a.sql"], "2_b.sql": all["2_b.sql"], "02_d.sql": "SELECT 1"}, "have the same number"},
	} {
		done, err := up(tt.behind, tt.files)
		if done != "" || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Up = %q, %v, want %q", name, done, err, tt.want)
		}
	}
	// A file that is new to a database that is ahead would be applied out of order.
	if done, err := up(true, map[string]string{"1_a.sql": all["1_a.sql"], "2_new.sql": "SELECT 1"}); err == nil {
		t.Errorf("another file of a number that was applied: %q", done)
	}
	all["4_d.sql"] = "CREATE TABLE d (x INTEGER)"
	if done, err := up(true, all); err != nil || done != "4_d.sql" {
		t.Errorf("the next deployment: Up = %q, %v", done, err)
	}
}
