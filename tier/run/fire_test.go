package run_test

import (
	"strings"
	"testing"
)

// TestFireCommand: a schedule and a rule are fired by hand.
func TestFireCommand(t *testing.T) {
	t.Parallel()
	bin, dir := buildTool(t, "./tier/run/testdata/factory"), t.TempDir()
	for _, tt := range []struct {
		name, stdin, target, want, wantErr string
	}{
		{"a schedule", "", "nightly", "counts all arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly\nnull\n", ""},
		{"a rule", `{"source":"carrier","detail-type":"Lost","detail":{"id":"7","to":"Rome"}}`, "lost", "lost 7 by carrier\nnull\n", ""},
		{"a failure", `{"source":"carrier","detail-type":"Lost","detail":{"id":"7","to":"nowhere"}}`, "lost", "lost 7 by carrier\n", "1 of 1 records failed, rule lost: Internal Server Error"},
		{"not valid", `{"source":"carrier","detail-type":"Lost","detail":{"id":"7"}}`, "lost", "main.go:", "body.detail.to is required"},
		{"another event", `{"source":"carrier","detail-type":"Found","detail":{}}`, "lost", "", "the pattern of rule lost does not take the event"},
		{"a topic of Kafka", `{"id":"7","to":"Rome"}` + "\n", "prices -key k7", "price of k7 for Rome\nnull\n", ""},
		{"a null value", "", "prices -key k7", "no price of k7\nnull\n", ""},
		{"a bad value", "7", "prices", "main.go:", "1 of 1 records failed, kafka prices"},
		{"nothing of the name", "", "weekly", "", `app factory has nothing to fire of the name "weekly"`},
	} {
		stdout, stderr, status := output(t, tt.stdin, bin, append([]string{"fire"}, append(strings.Fields(tt.target), "-dir", dir)...)...)
		if !strings.Contains(stdout, tt.want) || !strings.Contains(stderr, tt.wantErr) || (status != 0) != (tt.wantErr != "") {
			t.Errorf("%s: fire %s = status %d\n%s\n%s\nwant %q, %q", tt.name, tt.target, status, stdout, stderr, tt.want, tt.wantErr)
		}
	}
}

// TestFireAnswers: a trigger of a directory and a transformation are fired by hand, and
// their answers printed.
func TestFireAnswers(t *testing.T) {
	t.Parallel()
	bin, dir := buildTool(t, membersPackage), t.TempDir()
	for _, tt := range []struct {
		name, stdin, target, want, wantErr string
	}{
		{"a trigger", `{"triggerSource":"TokenGeneration_HostedAuth","request":{"userAttributes":{"custom:plan":"trial"}}}`, "people", `{"claimsToAddOrOverride":{"custom:plan":"gold"}}`, ""},
		{"a refusal", `{"triggerSource":"PreSignUp_SignUp","userName":"root"}`, "people", "function greeter on identity people", "nobody is root"},
		{"which trigger", ``, "people", "", `write {"triggerSource": "..."}`},
		{"a transformation", `a visit`, "visits", `"result":"Ok","data":"QSBWSVNJVA=="`, ""},
	} {
		stdout, stderr, status := output(t, tt.stdin, bin, "fire", "-dir", dir, tt.target)
		if !strings.Contains(stdout, tt.want) || !strings.Contains(stderr, tt.wantErr) || (status != 0) != (tt.wantErr != "") {
			t.Errorf("%s: fire %s = status %d\n%s\n%s\nwant %q, %q", tt.name, tt.target, status, stdout, stderr, tt.want, tt.wantErr)
		}
	}
	if stdout, _, _ := output(t, "", bin, "routes"); !strings.Contains(stdout, "answers PreTokenGeneration V2_0 of identity people") || !strings.Contains(stdout, "transforms firehose visits") {
		t.Errorf("routes: %s", stdout)
	}
}

// TestFireInServe: where a serve runs, its functions run, which have its data open and
// whose messages it delivers.
func TestFireInServe(t *testing.T) {
	t.Parallel()
	s := serveFactory(t)
	for _, c := range []struct {
		name, stdin    string
		args           []string
		works          string // that the serve prints
		stdout, stderr string
	}{
		{"a schedule", "", []string{"nightly"}, "counts all arn:aws:scheduler", "on schedule nightly  ", ""},
		{"a rule", `{"source":"carrier","detail-type":"Lost","detail":{"id":"7","to":"Rome"}}`, []string{"lost"}, "lost 7 by carrier", "null\n", ""},
		{"a topic of Kafka", `{"id":"7","to":"Rome"}`, []string{"prices", "-key", "k7"}, "price of k7 for Rome", "null\n", ""},
		{"a failure", `{"source":"carrier","detail-type":"Lost","detail":{"id":"8","to":"nowhere"}}`, []string{"lost"}, "lost 8 by carrier", "on rule lost  ", "function error: Internal Server Error: 1 of 1 records failed, rule lost"},
		{"another event", `{"source":"carrier","detail-type":"Found","detail":{}}`, []string{"lost"}, "", "", "the pattern of rule lost does not take the event"},
		{"nothing of the name", "", []string{"weekly"}, "", "", "nothing to fire"},
	} {
		stdout, stderr, status := s.command(t, c.stdin, append([]string{"fire"}, c.args...)...)
		if !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || (status != 0) != (c.stderr != "") {
			t.Errorf("%s: fire %q = status %d\n%s\n%s\nwant %q, %q", c.name, c.args, status, stdout, stderr, c.stdout, c.stderr)
			continue
		}
		if c.works != "" {
			if strings.Contains(stdout, c.works) {
				t.Errorf("%s: it ran beside the serve: %s", c.name, stdout)
			}
			s.until(t, c.works)
		}
	}
}
