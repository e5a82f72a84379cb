package run_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pending are the rules that no test cites and docs/fidelity.md does not list
// yet, with the reason why they wait.
var pending = map[string]string{}

// TestRules: every rule and every trap is cited by the test that shows it, or is
// listed with its reason among what is not like AWS.
func TestRules(t *testing.T) {
	t.Parallel()
	cited := map[string]bool{}
	id := regexp.MustCompile(`\b(?:[A-Z0-9]{3}-\d+|T\d+)\b`)
	goFiles(t, func(path string, text []byte) {
		if strings.HasSuffix(path, "_test.go") && path != "tier/run/rules_test.go" {
			for _, m := range id.FindAllString(string(text), -1) {
				cited[m] = true
			}
		}
	})
	excused := notCovered(t, id)
	known := map[string]bool{}
	for _, file := range []string{"rules.txt", "traps.txt"} {
		rows := 0
		for _, row := range readRules(t, file) {
			rows++
			section, rule, topic := row[0], row[1], row[3]
			known[rule] = true
			why, waits := pending[rule]
			switch settled := cited[rule] || excused[rule]; {
			case settled && waits:
				t.Errorf("%s (section %s, %s) is cited by a test or listed in docs/fidelity.md; remove it from pending", rule, section, topic)
			case !settled && !waits:
				t.Errorf("%s (section %s, %s): no test cites it; cite it where it is tested, or say in docs/fidelity.md under \"Not like AWS\" why not", rule, section, topic)
			case waits:
				t.Logf("pending: %s (section %s, %s): %s", rule, section, topic, why)
			}
		}
		if rows < 50 {
			t.Errorf("%s has only %d rows", file, rows)
		}
	}
	for rule, why := range pending {
		if !known[rule] || len(strings.Fields(why)) < 4 {
			t.Errorf("pending: %s: %q: write the id of a rule and a reason", rule, why)
		}
	}
}

// readRules reads a table: section, id, grade, topic.
func readRules(t *testing.T, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "rules", file))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		row := strings.Fields(line)
		if len(row) != 4 || seen[row[1]] {
			t.Fatalf("%s: %q: write section, id, grade and topic, each id once", file, line)
		}
		seen[row[1]] = true
		rows = append(rows, row)
	}
	return rows
}

// notCovered are the rules that docs/fidelity.md lists under "Not like AWS": one
// item of a list each with a reason, so more than the id.
func notCovered(t *testing.T, id *regexp.Regexp) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "fidelity.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## Not like AWS\n")
	if !found {
		t.Fatal("docs/fidelity.md has no section \"Not like AWS\"")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	all := map[string]bool{}
	for line := range strings.Lines(section) {
		if len(strings.Fields(id.ReplaceAllString(line, ""))) < 5 {
			continue
		}
		for _, m := range id.FindAllString(line, -1) {
			all[m] = true
		}
	}
	return all
}
