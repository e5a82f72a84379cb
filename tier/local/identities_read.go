package local

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// identityReader reads one file and collects its mistakes. Values of secrets are
// in none of them.
type identityReader struct {
	file     string
	document []byte
	ids      *Identities
	seen     map[string]bool // names and keys that must not occur twice
	errs     []error
}

// report notes a mistake: "FILE:LINE:COLUMN: ELEMENT: what is wrong".
func (r *identityReader) report(offset int64, element, format string, args ...any) {
	line, column := r.place(offset)
	r.reportAt(line, column, element, fmt.Sprintf(format, args...))
}

// place is the line and the column of an offset, from 1.
func (r *identityReader) place(offset int64) (line, column int) {
	before := r.document[:min(offset, int64(len(r.document)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

func (r *identityReader) reportAt(line, column int, element, problem string) {
	if element != "" {
		element += ": "
	}
	r.errs = append(r.errs, fmt.Errorf("%s:%d:%d: %s%s", r.file, line, column, element, problem))
}

func (r *identityReader) read(root *jsonValue) {
	if !r.object(root, "", "region", "users", "sessions", "apiKeys", "issuers") {
		return
	}
	if region, n := r.text(root, "", "region"); n != nil {
		if !isRegion(region) {
			r.report(n.start, "region", `%q is no region; write for example "us-east-1"`, clip(region))
		}
		r.ids.Region = region
	}
	r.each(root, "users", r.user)
	r.each(root, "sessions", r.session)
	r.each(root, "apiKeys", r.apiKey)
	r.issuers(root.get("issuers"))
}

func (r *identityReader) user(n *jsonValue, element string) {
	if !r.object(n, element, "name", "arn", "id", "accessKeyId", "secretAccessKey", "policies") {
		return
	}
	name := r.needed(n, element, "name", isName, nameHint)
	r.once(n, element, "name", name)
	i := Identity{
		Name: name, ARN: "arn:aws:iam::" + accountID + ":user/" + name, UserID: "AIDA" + uniqueID("user "+name),
		Credentials: r.keys(n, element),
	}
	r.names(n, element, &i, func(arn string) bool {
		account, path, ok := cutARN(arn, "iam")
		return ok && isAccount(account) && strings.HasPrefix(path, "user/")
	})
	i.Policies = r.policies(n, element, name)
	r.ids.Callers = append(r.ids.Callers, i)
}

func (r *identityReader) session(n *jsonValue, element string) {
	if !r.object(n, element, "role", "name", "arn", "id", "accessKeyId", "secretAccessKey", "sessionToken", "expires", "cognito", "policies") {
		return
	}
	role := r.needed(n, element, "role", isName, nameHint)
	session := r.needed(n, element, "name", isName, nameHint)
	name := role + "/" + session
	r.once(n, element, "role and name", name)
	i := Identity{
		Name: name, ARN: "arn:aws:sts::" + accountID + ":assumed-role/" + name, UserID: "AROA" + uniqueID("role "+role) + ":" + session,
		Credentials: r.keys(n, element),
	}
	r.names(n, element, &i, func(arn string) bool {
		account, path, ok := cutARN(arn, "sts")
		return ok && isAccount(account) && path == "assumed-role/"+name
	})
	i.Credentials.SessionToken = r.needed(n, element, "sessionToken", func(s string) bool { return len(s) >= minSecret },
		fmt.Sprintf("at least %d random characters", minSecret))
	if text, v := r.text(n, element, "expires"); v != nil {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			r.report(v.start, inside(element, "expires"), `%q is no time; write for example "2030-01-01T00:00:00Z"`, clip(text))
		}
		i.Credentials.Expires = at
	}
	i.Cognito = r.cognito(n.get("cognito"), inside(element, "cognito"))
	i.Policies = r.policies(n, element, name)
	r.ids.Callers = append(r.ids.Callers, i)
}

// names reads the ARN and the unique id, which need not be written.
func (r *identityReader) names(n *jsonValue, element string, i *Identity, fits func(arn string) bool) {
	if arn, v := r.text(n, element, "arn"); v != nil {
		if !fits(arn) {
			r.report(v.start, inside(element, "arn"), "%q does not fit; leave it out, or write it like %q", clip(arn), i.ARN)
		}
		i.ARN = arn
	}
	if id, v := r.text(n, element, "id"); v != nil {
		i.UserID = id
	}
}

// keys are the access key id and the secret.
func (r *identityReader) keys(n *jsonValue, element string) sigv4.Credentials {
	c := sigv4.Credentials{
		AccessKey: r.needed(n, element, "accessKeyId", isAccessKey, `16 to 128 letters, digits and '_', for example "AKIALOCAL22EXAMPLE33"`),
		Secret: r.needed(n, element, "secretAccessKey", func(s string) bool { return len(s) >= minSecret },
			fmt.Sprintf("at least %d random characters", minSecret)),
	}
	r.once(n, element, "accessKeyId", c.AccessKey)
	return c
}

func (r *identityReader) cognito(n *jsonValue, element string) *CognitoIdentity {
	if n == nil || !r.object(n, element, "identityId", "identityPoolId", "authenticationType", "authenticationProvider", "amr") {
		return nil
	}
	filled := func(s string) bool { return s != "" }
	c := &CognitoIdentity{
		IdentityID:         r.needed(n, element, "identityId", filled, `the id of the identity: "us-east-1:…"`),
		IdentityPoolID:     r.needed(n, element, "identityPoolId", filled, `the id of the pool: "us-east-1:…"`),
		AuthenticationType: authenticated,
	}
	if kind, v := r.text(n, element, "authenticationType"); v != nil {
		if kind != authenticated && kind != "unauthenticated" {
			r.report(v.start, inside(element, "authenticationType"), `%q; write "authenticated" or "unauthenticated"`, clip(kind))
		}
		c.AuthenticationType = kind
	}
	c.AuthenticationProvider, _ = r.text(n, element, "authenticationProvider")
	r.each(n, "amr", func(item *jsonValue, where string) {
		if item.kind != '"' {
			r.report(item.start, inside(element, where), "is %s; write a string", kindName(item.kind))
		}
		c.AMR = append(c.AMR, item.text)
	})
	return c
}

// policies are IAM documents, written as JSON in the file.
func (r *identityReader) policies(n *jsonValue, element, name string) []*evaluate.Policy {
	var all []*evaluate.Policy
	r.each(n, "policies", func(item *jsonValue, where string) {
		document := r.document[item.start:item.end]
		p, err := evaluate.ParseIdentity(name, document)
		if err == nil {
			all = append(all, p)
			return
		}
		line, column := r.place(item.start)
		for _, e := range mistakes(err) {
			var wrong *evaluate.ParseError
			if !errors.As(e, &wrong) {
				continue
			}
			if wrong.Line > 1 {
				column = 1
			}
			r.reportAt(line+wrong.Line-1, column+wrong.Column-1, inside(element, where)+" "+wrong.Element, wrong.Problem)
		}
	})
	return all
}

// mistakes are the errors that errors.Join joined.
func mistakes(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func (r *identityReader) apiKey(n *jsonValue, element string) {
	if !r.object(n, element, "name", "value", "disabled") {
		return
	}
	k := APIKey{
		Name:  r.needed(n, element, "name", isName, nameHint),
		Value: r.needed(n, element, "value", func(s string) bool { return len(s) >= 20 && len(s) <= 128 }, "20 to 128 random characters"),
	}
	if v := n.get("disabled"); v != nil {
		if v.kind != 't' && v.kind != 'f' {
			r.report(v.start, inside(element, "disabled"), "is %s; write true or false", kindName(v.kind))
		}
		k.Disabled = v.kind == 't'
	}
	r.once(n, element, "name of an API key", k.Name)
	r.once(n, element, "value", k.Value)
	r.ids.APIKeys = append(r.ids.APIKeys, k)
}

func (r *identityReader) issuers(n *jsonValue) {
	if n == nil {
		return
	}
	if n.kind != '{' {
		r.report(n.start, "issuers", `is %s; write an object by the names of authorizers: {"users": {"jwks": "http://…"}}`, kindName(n.kind))
		return
	}
	r.ids.Issuers = make(map[string]Issuer, len(n.fields))
	for _, f := range n.fields {
		element := inside("issuers", f.name)
		if !r.object(f.value, element, "jwks", "directory") {
			continue
		}
		if directory, v := r.text(f.value, element, "directory"); v != nil {
			if directory == "" || f.value.get("jwks") != nil {
				r.report(v.start, inside(element, "directory"), "write the name of a directory of users, and no jwks beside it")
			}
			r.ids.Issuers[f.name] = Issuer{Directory: directory}
			continue
		}
		r.ids.Issuers[f.name] = Issuer{JWKS: r.needed(f.value, element, "jwks", isHTTP, "the http or https URL of a key set")}
	}
}
