package middleware

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Requirement is something that [Require] asks of a caller: [Scopes], [AnyScope],
// [Groups], [AnyGroup], [Claim], [ClaimHas], [Kinds], [Either].
type Requirement interface {
	// meets reports whether the caller has it.
	meets(caller handler.Caller) bool
	// missing says what a caller has not who does not meet it.
	missing() string
	// mistake is what is wrong with its declaration, "" for nothing.
	mistake() string
}

// Require lets in callers who meet all requirements, whoever has verified them: the front
// door's authorizer, or a middleware outside of it. Without a requirement it lets in
// everybody who is somebody.
//
//	nobody was verified                 401, code "unauthenticated"
//	a requirement is not met            403, code "forbidden"
//
// What is missing is in the log, and for scopes in the challenge of RFC 6750.
//
// Panics with a [*datastore.DeclarationError] if a requirement names nothing.
func Require(requirements ...Requirement) handler.Middleware {
	r := &require{none: unauthenticated("unauthenticated", "this is for callers who are known", "")}
	for _, req := range requirements {
		if req == nil {
			misdeclared("Require: a requirement is nil")
		}
		if mistake := req.mistake(); mistake != "" {
			misdeclared("Require: %s", mistake)
		}
		r.list = append(r.list, asked{req, refusal(req)})
	}
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			if err := r.check(req); err != nil {
				return nil, err
			}
			return next.Handle(ctx, req)
		})
	}
}

type require struct {
	none *handler.Error
	list []asked
}

// asked is a requirement with the answer to who does not meet it.
type asked struct {
	Requirement
	refused *handler.Error
}

func refusal(req Requirement) *handler.Error {
	e := forbidden(errors.New("require: the caller has not " + req.missing()))
	var scopes []string
	switch s := req.(type) {
	case allScopes:
		scopes = s
	case anyScope:
		scopes = s
	}
	if scopes != nil {
		e.Header = http.Header{"Www-Authenticate": {`Bearer error="insufficient_scope", scope="` + strings.Join(scopes, " ") + `"`}}
	}
	return e
}

func (r *require) check(req *handler.Request) error {
	caller := req.Caller()
	if caller.Anonymous() {
		return r.none.Wrap(nil)
	}
	for _, a := range r.list {
		if !a.meets(caller) {
			return a.refused.Wrap(a.refused.Err)
		}
	}
	return nil
}

type (
	allScopes []string
	anyScope  []string
	allGroups []string
	anyGroup  []string
	kinds     []handler.CallerKind
	either    []Requirement
	claimOf   struct {
		name  string
		texts []string
		words bool
	}
)

// Scopes are scopes of which the caller must have all, as whole words.
func Scopes(all ...string) Requirement { return allScopes(slices.Clone(all)) }

// AnyScope are scopes of which the caller must have one, as API Gateway asks it of a
// route with scopes.
func AnyScope(of ...string) Requirement { return anyScope(slices.Clone(of)) }

// Groups are groups of which the caller must be in all.
func Groups(all ...string) Requirement { return allGroups(slices.Clone(all)) }

// AnyGroup are groups of which the caller must be in one.
func AnyGroup(of ...string) Requirement { return anyGroup(slices.Clone(of)) }

// Claim is a claim that must have one of the texts, to the letter; of no texts, one that
// is there and not empty.
func Claim(name string, texts ...string) Requirement {
	return claimOf{name: name, texts: slices.Clone(texts)}
}

// ClaimHas is a claim with a list, such as "roles" or "permissions", that must have all
// of the words. Front doors write a list as "[a b]", where a word with a space in it
// cannot be told from two: use it for claims whose words are the issuer's own.
func ClaimHas(name string, words ...string) Requirement {
	return claimOf{name: name, texts: slices.Clone(words), words: true}
}

// Kinds are kinds of callers of which the caller must be one.
func Kinds(of ...handler.CallerKind) Requirement { return kinds(slices.Clone(of)) }

// Either are requirements of which one must be met.
func Either(of ...Requirement) Requirement { return either(slices.Clone(of)) }

func (r allScopes) meets(c handler.Caller) bool { return hasAll(c.Scopes, r) }
func (r anyScope) meets(c handler.Caller) bool  { return hasAny(c.Scopes, r) }
func (r allGroups) meets(c handler.Caller) bool { return hasAll(c.Groups, r) }
func (r anyGroup) meets(c handler.Caller) bool  { return hasAny(c.Groups, r) }
func (r kinds) meets(c handler.Caller) bool     { return slices.Contains(r, c.Kind) }

func (r claimOf) meets(c handler.Caller) bool {
	text, ok := c.Claims[r.name]
	switch {
	case !ok || text == "":
		return false
	case r.words:
		return hasAll(wordsOf(text), r.texts)
	}
	return len(r.texts) == 0 || slices.Contains(r.texts, text)
}

func (r either) meets(c handler.Caller) bool {
	return slices.ContainsFunc(r, func(one Requirement) bool { return one.meets(c) })
}

func hasAll(have, want []string) bool {
	for _, w := range want {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

func hasAny(have, want []string) bool {
	return slices.ContainsFunc(want, func(w string) bool { return slices.Contains(have, w) })
}

// wordsOf are the words of a claim: of a JSON list, of "[a b]", or of "a b".
func wordsOf(text string) []string {
	if strings.HasPrefix(text, `["`) {
		var list []string
		if json.Unmarshal([]byte(text), &list) == nil {
			return list
		}
	}
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	return strings.Fields(text)
}

func (r allScopes) missing() string { return "all of the scopes " + strings.Join(r, ", ") }
func (r anyScope) missing() string  { return "one of the scopes " + strings.Join(r, ", ") }
func (r allGroups) missing() string { return "all of the groups " + strings.Join(r, ", ") }
func (r anyGroup) missing() string  { return "one of the groups " + strings.Join(r, ", ") }
func (r claimOf) missing() string   { return "the claim " + r.name + " that is asked for" }

func (r kinds) missing() string {
	text := "one of the kinds"
	for _, k := range r {
		text += " " + string(k)
	}
	return text
}

func (r either) missing() string {
	parts := make([]string, len(r))
	for i := range r {
		parts[i] = r[i].missing()
	}
	return "either of: " + strings.Join(parts, "; ")
}

func (r allScopes) mistake() string { return notNamed("a scope", r) }
func (r anyScope) mistake() string  { return notNamed("a scope", r) }
func (r allGroups) mistake() string { return notNamed("a group", r) }
func (r anyGroup) mistake() string  { return notNamed("a group", r) }

func (r claimOf) mistake() string {
	switch {
	case r.name == "":
		return "a Claim has no name"
	case r.words:
		return notNamed("a word of claim "+r.name, r.texts)
	}
	return ""
}

func (r kinds) mistake() string {
	if len(r) == 0 || slices.Contains(r, "") {
		return "Kinds: name a kind, such as handler.CallerJWT"
	}
	return ""
}

func (r either) mistake() string {
	if len(r) == 0 {
		return "Either has no requirement, so nobody would meet it"
	}
	for _, one := range r {
		if one == nil {
			return "Either: a requirement is nil"
		}
		if m := one.mistake(); m != "" {
			return m
		}
	}
	return ""
}

func notNamed(what string, names []string) string {
	switch {
	case len(names) == 0:
		return "name " + what
	case slices.ContainsFunc(names, func(n string) bool { return n == "" || strings.ContainsAny(n, "\"\\\r\n") }):
		return what + " is empty, or has a quotation mark or a line break in it"
	}
	return ""
}
