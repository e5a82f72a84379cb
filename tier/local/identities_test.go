package local_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

const wholeFile = `{
  "region": "eu-central-1",
  "users": [
    {"name": "ada", "accessKeyId": "AKIALOCALADA00000001", "secretAccessKey": "secret-of-ada-0123456789",
     "policies": [{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}}]},
    {"name": "bob", "arn": "arn:aws:iam::000000000000:user/staff/bob", "id": "AIDABOB",
     "accessKeyId": "AKIALOCALBOB00000001", "secretAccessKey": "secret-of-bob-0123456789"}
  ],
  "sessions": [
    {"role": "shopper", "name": "cleo", "accessKeyId": "ASIALOCALCLEO0000001", "secretAccessKey": "secret-of-cleo-0123456789",
     "sessionToken": "token-of-cleo-0123456789", "expires": "2026-07-09T09:00:00Z",
     "cognito": {"identityId": "eu-central-1:id", "identityPoolId": "eu-central-1:pool",
       "authenticationProvider": "cognito-idp.eu-central-1.amazonaws.com/p:CognitoSignIn:u", "amr": ["graph"]}}
  ],
  "apiKeys": [{"name": "mobile", "value": "value-of-the-mobile-key"}, {"name": "old", "value": "value-of-the-old-key-x", "disabled": true}],
  "issuers": {"users": {"jwks": "http://127.0.0.1:5000/keys"}, "staff": {"directory": "people"}}
}
`

func TestParseIdentities(t *testing.T) {
	t.Parallel()
	ids, err := local.ParseIdentities("ids.json", []byte(wholeFile))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range ids.Callers {
		got = append(got, fmt.Sprint(c, " ", len(c.Policies)))
	}
	want := []string{
		"ada (arn:aws:iam::000000000000:user/ada, AKIALOCALADA00000001) 1",
		"bob (arn:aws:iam::000000000000:user/staff/bob, AKIALOCALBOB00000001) 0",
		"shopper/cleo (arn:aws:sts::000000000000:assumed-role/shopper/cleo, ASIALOCALCLEO0000001) 0",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("callers (-want +got):\n%s", d)
	}
	for _, secret := range []string{"secret-of", "token-of", "value-of"} {
		if text := fmt.Sprintf("%v %+v %v", ids.Callers, ids.APIKeys, ids.Issuers); strings.Contains(text, secret) {
			t.Errorf("%s in %s", secret, text)
		}
	}
	bob, cleo := ids.Callers[1], ids.Callers[2]
	if bob.UserID != "AIDABOB" || !strings.HasPrefix(cleo.UserID, "AROA") || !strings.HasSuffix(cleo.UserID, ":cleo") {
		t.Errorf("ids %q and %q", bob.UserID, cleo.UserID)
	}
	if c := cleo.Credentials; c.SessionToken != "token-of-cleo-0123456789" || !c.Expires.Equal(time.Date(2026, 7, 9, 9, 0, 0, 0, time.UTC)) {
		t.Error("the session has another token or end than the file")
	}
	wantCognito := &local.CognitoIdentity{
		IdentityID: "eu-central-1:id", IdentityPoolID: "eu-central-1:pool", AuthenticationType: "authenticated",
		AuthenticationProvider: "cognito-idp.eu-central-1.amazonaws.com/p:CognitoSignIn:u", AMR: []string{"graph"},
	}
	if d := cmp.Diff(wantCognito, cleo.Cognito); d != "" {
		t.Errorf("Cognito (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]local.APIKey{{Name: "mobile", Value: "value-of-the-mobile-key"}, {Name: "old", Value: "value-of-the-old-key-x", Disabled: true}}, ids.APIKeys); d != "" {
		t.Errorf("API keys (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]local.Issuer{"users": {JWKS: "http://127.0.0.1:5000/keys"}, "staff": {Directory: "people"}}, ids.Issuers); d != "" || ids.Region != "eu-central-1" {
		t.Errorf("region %q, issuers (-want +got):\n%s", ids.Region, d)
	}
}

// TestIdentitiesMistakes: all mistakes at once, each with its place and what to
// write, and without a secret.
func TestIdentitiesMistakes(t *testing.T) {
	t.Parallel()
	user := func(more string) string {
		return `{"users":[{"name":"a","accessKeyId":"AKIALOCALADA00000001","secretAccessKey":"sssssssssssssssss"` + more + `}]}`
	}
	session := func(more string) string {
		return `{"sessions":[{"role":"r","name":"s","accessKeyId":"AKIALOCALADA00000001","secretAccessKey":"sssssssssssssssss","sessionToken":"sssssssssssssssss"` + more + `}]}`
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":                {``, []string{"f:1:1: the document ends too early"}},
		"cut off":                {"{\n\"users\": [", []string{"f:2:11: the document ends too early"}},
		"no JSON":                {"{\n  users: 1}", []string{"f:2:3: is not JSON: "}},
		"more behind it":         {"{}\n {}", []string{"f:2:2: there is more behind"}},
		"twice":                  {`{"region":"a","region":"b"}`, []string{"f:1:15: the member has the name of one before it"}},
		"a list":                 {`[]`, []string{"f:1:1: is a list; write an object with region, users, sessions, apiKeys, issuers"}},
		"unknown":                {`{"user":[]}`, []string{`f:1:2: "user" is not known here; known are region, users`}},
		"another case":           {`{"Users":[]}`, []string{`"Users" is not known here; write users`}},
		"region":                 {`{"region":"Frankfurt!"}`, []string{`f:1:11: region: "Frankfurt!" is no region`}},
		"region's kind":          {`{"region":1}`, []string{"f:1:11: region: is a number; write a string"}},
		"users' kind":            {`{"users":{}}`, []string{"users: is an object; write a list"}},
		"user's kind":            {`{"users":[1]}`, []string{"users[0]: is a number; write an object with name, arn"}},
		"an empty user":          {`{"users":[{}]}`, []string{"users[0].name: is missing; write 1 to 64", "users[0].accessKeyId: is missing", "users[0].secretAccessKey: is missing"}},
		"name":                   {`{"users":[{"name":"a b","accessKeyId":"AKIALOCALADA00000001","secretAccessKey":"sssssssssssssssss"}]}`, []string{"f:1:19: users[0].name: write 1 to 64"}},
		"short keys":             {`{"users":[{"name":"a","accessKeyId":"AKIA","secretAccessKey":"short"}]}`, []string{"users[0].accessKeyId: write 16 to 128", "users[0].secretAccessKey: write at least 16"}},
		"a user's token":         {user(`,"sessionToken":"sssssssssssssssss"`), []string{`"sessionToken" is not known here`}},
		"a user's ARN":           {user(`,"arn":"arn:aws:sts::000000000000:assumed-role/a/b"`), []string{`users[0].arn: "arn:aws:sts::000000000000:assumed-role/a/b" does not fit; leave it out, or write it like "arn:aws:iam::000000000000:user/a"`}},
		"no account":             {user(`,"arn":"arn:aws:iam::1:user/a"`), []string{"does not fit"}},
		"a session's ARN":        {session(`,"arn":"arn:aws:sts::000000000000:assumed-role/other/s"`), []string{"does not fit; leave it out"}},
		"a session's end":        {session(`,"expires":"tomorrow"`), []string{`sessions[0].expires: "tomorrow" is no time; write for example "2030-01-01T00:00:00Z"`}},
		"no token":               {`{"sessions":[{"role":"r","name":"s","accessKeyId":"AKIALOCALADA00000001","secretAccessKey":"sssssssssssssssss"}]}`, []string{"sessions[0].sessionToken: is missing"}},
		"Cognito":                {session(`,"cognito":{"authenticationType":"maybe","amr":[1]}`), []string{"cognito.identityId: is missing", "cognito.identityPoolId: is missing", `authenticationType: "maybe"; write "authenticated" or`, "amr[0]: is a number; write a string"}},
		"two of a name":          {`{"users":[{"name":"a","accessKeyId":"AKIALOCALADA00000001","secretAccessKey":"sssssssssssssssss"},{"name":"a","accessKeyId":"AKIALOCALADA00000001","secretAccessKey":"sssssssssssssssss"}]}`, []string{"users[1]: another one has this name already", "users[1]: another one has this accessKeyId already"}},
		"policies' kind":         {user(`,"policies":{}`), []string{"policies: is an object; write a list"}},
		"policy":                 {user(`,"policies":[{"Statement":[{"Effect":"allow","Action":"x","Resource":"*"}]}]`), []string{`f:1:134: users[0].policies[0] Statement[0].Effect: `, `"x" is no action`}},
		"policy, on other lines": {user(",\"policies\":[\n{\n\"Statement\":[{\"Effect\":\"Allow\",\n \"Action\":\"x\",\"Resource\":\"*\"}]}]"), []string{`f:4:11: users[0].policies[0] Statement[0].Action: "x" is no action`}},
		"API key":                {`{"apiKeys":[{"name":"k","value":"sss","disabled":"no"}]}`, []string{"apiKeys[0].value: write 20 to 128", "apiKeys[0].disabled: is a string; write true or false"}},
		"API key twice":          {`{"apiKeys":[{"name":"k","value":"ssssssssssssssssssssss"},{"name":"l","value":"ssssssssssssssssssssss"}]}`, []string{"apiKeys[1]: another one has this value already"}},
		"issuers' kind":          {`{"issuers":[]}`, []string{"issuers: is a list; write an object by the names of authorizers"}},
		"issuer":                 {`{"issuers":{"users":{"jwks":"file:///etc/keys"}}}`, []string{"issuers.users.jwks: write the http or https URL"}},
		"issuer of nowhere":      {`{"issuers":{"users":{}}}`, []string{"issuers.users.jwks: is missing; write the http or https URL"}},
		"no directory":           {`{"issuers":{"users":{"directory":""}}}`, []string{"issuers.users.directory: write the name of a directory of users"}},
		"two places of keys":     {`{"issuers":{"users":{"directory":"people","jwks":"https://h/"}}}`, []string{"issuers.users.directory: write the name of a directory of users, and no jwks beside it"}},
		"issuer with a password": {`{"issuers":{"users":{"jwks":"http://u:sssssssssss@h/"}}}`, []string{"issuers.users.jwks: write the http or https URL"}},
		"too large":              {strings.Repeat(" ", 1<<20) + "{}", []string{"f has more than 1048576 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, err := local.ParseIdentities("f", []byte(c.text))
			if err == nil {
				t.Fatalf("ParseIdentities = %v, want %q", ids, c.want)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("no %q in\n%v", w, err)
				}
			}
			if lines := strings.Count(err.Error(), "\n") + 1; lines != len(c.want) {
				t.Errorf("%d mistakes, want %d:\n%v", lines, len(c.want), err)
			}
			if strings.Contains(err.Error(), "sss") {
				t.Errorf("a secret in %v", err)
			}
		})
	}
}

func TestReadIdentities(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "identities.json")
	if _, err := local.ReadIdentities(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	for mode, advice := range map[fs.FileMode]bool{0o600: false, 0o644: true, 0o640: true} {
		if err := errors.Join(os.WriteFile(path, []byte(wholeFile), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		ids, err := local.ReadIdentities(path)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && (ids.Advice != "") != advice || advice && !strings.Contains(ids.Advice, "chmod 600 "+path) {
			t.Errorf("mode %v: advice %q", mode, ids.Advice)
		}
	}
	if err := os.WriteFile(path, []byte(`{"users":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := local.ReadIdentities(path); err == nil || !strings.Contains(err.Error(), path+":1:10: users: ") {
		t.Errorf("ReadIdentities = %v, want the file's name and the place", err)
	}
	if _, err := local.ReadIdentities(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

// TestStarterIdentities: what serve writes first can be read, and nobody shares
// the keys.
func TestStarterIdentities(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /orders/{id}", noop, tier.IAM())
	api.Handle("GET /health", noop, tier.Public())
	text, err := local.StarterIdentities(app, sequence{})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := local.ParseIdentities("starter", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(ids.Callers) != 1 || ids.Callers[0].Name != "developer" || len(ids.Callers[0].Policies) != 1 {
		t.Errorf("callers %v", ids.Callers)
	}
	if strings.Contains(string(text), "health") {
		t.Errorf("a public route in\n%s", text)
	}
	if c := ids.Callers[0].Credentials; c.AccessKey != "AKIALOCALAAAQEAYEAUD" || len(c.Secret) != 40 {
		t.Errorf("keys %q and %d characters", c.AccessKey, len(c.Secret))
	}
	if _, err := local.StarterIdentities(app, strings.NewReader("short")); err == nil {
		t.Error("keys without randomness")
	}
	open := tier.New("open")
	open.API("orders").Handle("GET /orders", noop)
	if text, err := local.StarterIdentities(open, sequence{}); err != nil {
		t.Error(err)
	} else if _, err := local.ParseIdentities("starter", text); err != nil || strings.Contains(string(text), "Statement") {
		t.Errorf("an App without IAM: %v\n%s", err, text)
	}
}

func FuzzIdentities(f *testing.F) {
	f.Add([]byte(wholeFile))
	f.Add([]byte(`{"users":[{"name":"a","policies":[{"Statement":[{}]}]}],"sessions":[{"cognito":{}}],"apiKeys":[{}],"issuers":{"":{}}}`))
	f.Add([]byte("{\"users\":\n[1,null,true,\"\\ud800\"]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		ids, err := local.ParseIdentities("f", text)
		if err != nil {
			if ids != nil || !strings.HasPrefix(err.Error(), "f:") {
				t.Fatalf("ParseIdentities = %v, %v", ids, err)
			}
			return
		}
		for _, c := range ids.Callers {
			if c.Name == "" || c.ARN == "" || c.Credentials.AccessKey == "" || c.Credentials.Secret == "" ||
				strings.Contains(c.ARN, "assumed-role") && c.Credentials.SessionToken == "" {
				t.Fatalf("an incomplete identity %v", c)
			}
		}
	})
}

func ExampleParseIdentities() {
	ids, err := local.ParseIdentities("identities.json", []byte(`{"users": [{
		"name": "ada", "accessKeyId": "AKIALOCALADA00000001", "secretAccessKey": "only this machine knows it"
	}]}`))
	fmt.Println(ids.Callers[0], err)
	_, err = local.ParseIdentities("identities.json", []byte(`{"users": [{"name": "ada", "secretKey": "x"}]}`))
	fmt.Println(err)
	// Output:
	// ada (arn:aws:iam::000000000000:user/ada, AKIALOCALADA00000001) <nil>
	// identities.json:1:28: users[0]: "secretKey" is not known here; known are name, arn, id, accessKeyId, secretAccessKey, policies
	// identities.json:1:12: users[0].accessKeyId: is missing; write 16 to 128 letters, digits and '_', for example "AKIALOCAL22EXAMPLE33"
	// identities.json:1:12: users[0].secretAccessKey: is missing; write at least 16 random characters
}

func ExampleStarterIdentities() {
	app := tier.New("shop")
	app.API("orders").Handle("GET /orders", handler.HandlerFunc(nil), tier.IAM())
	text, err := local.StarterIdentities(app, sequence{}) // in a program: crypto/rand.Reader
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, err := local.ParseIdentities("identities.json", text)
	fmt.Println(ids.Callers[0], err)
	// Output: developer (arn:aws:iam::000000000000:user/developer, AKIALOCALAAAQEAYEAUD) <nil>
}
