package evaluate_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

func pick(rnd *rand.Rand, from ...string) string { return from[rnd.IntN(len(from))] }

// randomStatement applies to randomRequest now and then.
func randomStatement(rnd *rand.Rand, effect string) string {
	action := pick(rnd, "Action", "Action", "NotAction")
	resource := pick(rnd, "Resource", "Resource", "NotResource")
	s := fmt.Sprintf(`{"Effect":%q,%q:[%q,%q],%q:%q`, effect, action,
		pick(rnd, "execute-api:*", "s3:Get*", "*", "s3:*"), pick(rnd, "execute-api:Invoke", "s3:PutObject"),
		resource, pick(rnd, "*", api+"*", api+"GET/*", api+"*/a", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/*"))
	if rnd.IntN(2) == 0 {
		operator := pick(rnd, "", "ForAllValues:", "ForAnyValue:") + pick(rnd, "StringEquals", "StringNotEquals", "StringLike", "StringNotLike") + pick(rnd, "", "IfExists")
		s += fmt.Sprintf(`,"Condition":{%q:{"k:x":[%q,%q]}}`, operator, pick(rnd, "a", "b*"), pick(rnd, "bb", "${aws:username}"))
	}
	return s + "}"
}

func randomRequest(rnd *rand.Rand) evaluate.Request {
	req := evaluate.Request{
		Action:   pick(rnd, "execute-api:Invoke", "s3:GetObject", "s3:PutObject"),
		Resource: pick(rnd, api+"GET/a", api+"POST/a/b", "arn:aws:s3:::b/alice", "arn:aws:s3:::b/bob", "*"),
		Context:  map[string][]string{},
	}
	if rnd.IntN(3) > 0 {
		req.Context["k:x"] = [][]string{{"a"}, {"bb"}, {"a", "c"}, {"alice"}, {""}}[rnd.IntN(5)]
	}
	if rnd.IntN(2) == 0 {
		req.Principal.ARN = alice
	}
	return req
}

// TestProperties of any policy and any request.
func TestProperties(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	counts := map[evaluate.Outcome]int{}
	for range 3000 {
		var statements []string
		for range 1 + rnd.IntN(4) {
			statements = append(statements, randomStatement(rnd, pick(rnd, "Allow", "Allow", "Deny")))
		}
		req := randomRequest(rnd)
		p := identity(t, policy(statements...))
		got := evaluate.Evaluate(req, p)
		counts[got.Outcome]++
		fail := func(rule string, other evaluate.Decision) {
			t.Helper()
			t.Fatalf("%s: %v, and %v\n%s\n%+v", rule, got.Outcome, other.Outcome, policy(statements...), req)
		}
		rnd.Shuffle(len(statements), func(i, j int) { statements[i], statements[j] = statements[j], statements[i] })
		if again := evaluate.Evaluate(req, identity(t, policy(statements...))); again.Outcome != got.Outcome {
			fail("the order of statements does not count", again)
		}
		if twice := evaluate.Evaluate(req, p, p); twice.Outcome != got.Outcome {
			fail("a policy twice is the policy", twice)
		}
		deny := identity(t, policy(randomStatement(rnd, "Deny")))
		if more := evaluate.Evaluate(req, p, deny); more.Allowed() && !got.Allowed() {
			fail("a Deny more allows nothing more", more)
		}
		allow := identity(t, policy(randomStatement(rnd, "Allow")))
		if more := evaluate.Evaluate(req, p, allow); got.Allowed() && !more.Allowed() || (got.Outcome == evaluate.ExplicitDeny) != (more.Outcome == evaluate.ExplicitDeny) {
			fail("an Allow more forbids nothing more", more)
		}
		explained(t, req, got, evaluate.Explain(req, p))
	}
	for _, o := range []evaluate.Outcome{evaluate.Allow, evaluate.ExplicitDeny, evaluate.ImplicitDeny} {
		if counts[o] < 300 {
			t.Errorf("%v came out %d times of 3000; the cases are one-sided", o, counts[o])
		}
	}
}

// explained: the explanation says what the decision does.
func explained(t *testing.T, req evaluate.Request, got evaluate.Decision, findings []evaluate.Finding) {
	t.Helper()
	want := evaluate.ImplicitDeny
	for _, f := range findings {
		switch {
		case f.Applies != (f.Why == nil):
			t.Fatalf("%+v for %+v", f, req)
		case f.Applies && f.Effect == "Deny":
			want = evaluate.ExplicitDeny
		case f.Applies && want == evaluate.ImplicitDeny:
			want = evaluate.Allow
		}
	}
	if got.Outcome != want {
		t.Fatalf("decided %v, explained %v: %v", got.Outcome, want, findings)
	}
}

// likeRegexp is what StringLike means, in another language.
func likeRegexp(pattern string) *regexp.Regexp {
	var b strings.Builder
	for _, r := range pattern {
		switch r {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile(`(?s)\A` + b.String() + `\z`)
}

// TestWildcards compares with regular expressions.
func TestWildcards(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6))
	matched := 0
	for range 5000 {
		var pattern, value string
		for range rnd.IntN(6) {
			pattern += pick(rnd, "*", "*", "?", "?", "a", "ሴ", ".")
		}
		for range rnd.IntN(6) {
			value += pick(rnd, "a", "ሴ", "/", ".", "\n")
		}
		want := likeRegexp(pattern).MatchString(value)
		if want {
			matched++
		}
		if got := holds(t, "StringLike", fmt.Sprintf("%q", pattern), list(value)); got != want {
			t.Fatalf("StringLike %q with %q = %t, want %t", pattern, value, got, want)
		}
	}
	if matched < 500 {
		t.Errorf("only %d of 5000 matched", matched)
	}
}

// TestHostileWildcards: a pattern cannot make an evaluation slow. Backtracking
// over these would take longer than the age of the universe.
func TestHostileWildcards(t *testing.T) {
	t.Parallel()
	pattern := strings.Repeat("*a", 1000) + "b"
	if holds(t, "StringLike", fmt.Sprintf("%q", pattern), list(strings.Repeat("a", 4000))) {
		t.Error("matched")
	}
}
