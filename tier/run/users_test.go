package run_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const membersPackage = "./tier/run/testdata/members"

// TestUsers: the command makes, lists and removes users of a declared directory.
func TestUsers(t *testing.T) {
	t.Parallel()
	bin, dir := buildTool(t, membersPackage), t.TempDir()
	in := "-dir " + dir
	for _, step := range []struct {
		name, args string
		status     int
		want       []string
	}{
		{"none", "list " + in, 0, []string{"directory people has no users on this machine"}},
		{"create", "create " + in + " -group editors -group staff ana@example.com email=ana@example.com custom:plan=free", 0, []string{"user ana@example.com has the id ", " in directory people"}},
		{"create again", "create " + in + " ana@example.com", 1, []string{"identity people: create: conflict: UsernameExistsException"}},
		{"refused by a trigger", "create " + in + " root", 1, []string{"UserLambdaValidationException: PreSignUp failed with error nobody is root"}},
		{"undeclared", "create " + in + " bob custom:seats=3", 1, []string{"InvalidParameterException", `"custom:seats" is not in the schema`}},
		{"no value", "create " + in + " bob email", 1, []string{`attribute "email": write NAME=VALUE`}},
		{"a flag too late", "create " + in + " bob -group staff", 1, []string{"-group: write flags before the name"}},
		{"another", "create " + in + " -directory people bob", 0, []string{"user bob has the id"}},
		{"list", "list " + in, 0, []string{"ana@example.com", "enabled  editors, staff", "bob"}},
		{"remove", "remove " + in + " bob", 0, []string{"user bob is gone from directory people"}},
		{"remove again", "remove " + in + " bob", 1, []string{"not found"}},
		{"no directory", "list " + in + " -directory staff", 1, []string{`declares no directory "staff"; it declares people`}},
		{"which authorizer", "token " + in + " ana@example.com", 1, []string{"write -authorizer users, or -authorizer guests"}},
		{"no authorizer", "token " + in + " -authorizer x ana@example.com", 1, []string{`no authorizer "x" by tokens; it has users, guests`}},
		{"nobody's token", "token " + in + " -authorizer users bob", 1, []string{"not found"}},
		{"AWS", "create -data aws bob", 1, []string{"aws cognito-idp admin-create-user"}},
		{"moon", "list -data moon", 1, []string{"write embedded or aws"}},
		{"no name", "create " + in, 2, []string{"usage: user create|list|remove|token"}},
		{"no word", "", 2, []string{"usage: user create|list|remove|token"}},
	} {
		stdout, stderr, status := output(t, "", bin, append([]string{"user"}, strings.Fields(step.args)...)...)
		if status != step.status {
			t.Errorf("%s: status %d, want %d: %s%s", step.name, status, step.status, stdout, stderr)
		}
		for _, want := range step.want {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("%s: no %q in %s%s", step.name, want, stdout, stderr)
			}
		}
	}
	if _, stderr, status := output(t, "", buildTool(t, "./examples/quickstart"), "user", "list"); status != 1 || !strings.Contains(stderr, "declares no directory of users") {
		t.Errorf("an App without a directory: status %d %s", status, stderr)
	}
}

// TestUserTokens: a token of the command lets its user in where the identities name the
// directory, is exchanged for credentials, and is of no use elsewhere.
func TestUserTokens(t *testing.T) {
	t.Parallel()
	bin, dir := buildTool(t, membersPackage), t.TempDir()
	user := func(args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, status := output(t, "", bin, append([]string{"user", args[0], "-dir", dir}, args[1:]...)...)
		if status != 0 {
			t.Fatalf("user %v: status %d %s%s", args, status, stdout, stderr)
		}
		return strings.TrimSpace(stdout), stderr
	}
	user("create", "-group", "editors", "ana", "custom:plan=free")
	token, hint := user("token", "-authorizer", "users", "ana")
	_, settings, _ := strings.Cut(hint, " has ")
	if settings = strings.TrimSpace(settings); settings != `{"issuers": {"users": {"directory": "people"}}}` {
		t.Errorf("the hint is %q", hint)
	}
	both := strings.Replace(settings, `}}}`, `}, "guests": {"directory": "people"}}}`, 1)
	if err := os.WriteFile(filepath.Join(dir, "identities.json"), []byte(both), 0o600); err != nil {
		t.Fatal(err)
	}
	user("create", "bob", "custom:plan=trial")
	changed, _ := user("token", "-authorizer", "users", "bob")
	guest, hint := user("token", "-authorizer", "guests", "ana")
	if hint != "" {
		t.Errorf("there is a hint where the identities name the directory: %q", hint)
	}
	access, _ := user("token", "-authorizer", "guests", "-access", "ana")
	foreign, _ := user("token", "-authorizer", "users", "-client", "other", "ana")

	p := start(t, nil, bin, "serve", "-port", "0", "-dir", dir)
	club := urlIn(p.until(t, "API club as a REST API on"))
	hall := urlIn(p.until(t, "API hall as an HTTP API on"))
	p.until(t, "authorizer users takes the tokens of users of directory people on this machine")
	for _, tt := range []struct {
		name, url, token string
		status           int
	}{
		{"an ID token", club, token, 200},
		{"claims of a trigger", club, changed, 200},
		{"the token of the other authorizer", club, guest, 401},
		{"no token", club, "", 401},
		{"a guest", hall, guest, 200},
		{"a guest's access token", hall, access, 200},
		{"a user", hall, token, 401},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", tt.url+"/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.token != "" {
			req.Header.Set("Authorization", "Bearer "+tt.token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		var who struct {
			ID     string
			Groups []string
			Plan   string
		}
		if err != nil || resp.StatusCode != tt.status || resp.StatusCode == 200 && (json.Unmarshal(body, &who) != nil || who.ID == "") {
			t.Errorf("%s: %d %s %v, want %d\n%s", tt.name, resp.StatusCode, body, err, tt.status, p.stderr)
		}
		if tt.name == "an ID token" && (len(who.Groups) != 1 || who.Groups[0] != "editors" || who.Plan != "free") {
			t.Errorf("%s: %s, want her group and her plan", tt.name, body)
		}
		if tt.name == "claims of a trigger" && who.Plan != "gold" {
			t.Errorf("%s: %s, want another plan", tt.name, body)
		}
	}
	var first, second struct{ Identity string }
	if status := ask(t, "POST", club+"/visits", `{"token":"`+token+`"}`, &first); status != 200 || first.Identity == "" {
		t.Errorf("exchange: %d %+v\n%s", status, first, p.stderr)
	}
	if status := ask(t, "POST", club+"/visits", `{"token":"`+guest+`"}`, &second); status != 200 || second != first {
		t.Errorf("exchange of the same user: %d %+v, want %+v", status, second, first)
	}
	if status := ask(t, "POST", club+"/visits", `{"token":"`+foreign+`"}`, nil); status != 400 {
		t.Errorf("exchange of a token for another client: %d, want 400", status)
	}
}
