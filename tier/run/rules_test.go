package run_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pending are sections, and single rules, that no test need cite yet.
var pending = []string{
	// sections of rules and of traps whose part is being built
	"5", "7", "10", "11", "12", "13", "14", "15", "K", "L", "N",
	// rules that docs/fidelity.md is about to list as not covered, or that come
	// with authorizers (RST-13) and with what HTTP APIs lack (HTP-39)
	"RST-13", "HTP-39", "COR-03", "LMB-05", "LMB-06", "T153", "APS-01", "APS-02", "APS-03", "CFN-01",
}

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
	for _, file := range []string{"rules.txt", "traps.txt"} {
		rows := 0
		for _, row := range readRules(t, file) {
			rows++
			section, rule, topic := row[0], row[1], row[3]
			switch {
			case cited[rule], excused[rule]:
			case slices.Contains(pending, section), slices.Contains(pending, rule):
				t.Logf("pending: %s (section %s, %s)", rule, section, topic)
			default:
				t.Errorf("%s (section %s, %s): no test cites it; cite it where it is tested, or say in docs/fidelity.md under \"Not like AWS\" why not", rule, section, topic)
			}
		}
		if rows < 50 {
			t.Errorf("%s has only %d rows", file, rows)
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
