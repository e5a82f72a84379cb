package evaluate

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxBytes is how long a policy document may be, with its white space. AWS's own
// limits are lower and differ: 6,144 characters without white space for a managed
// policy, 20 KB for that of a bucket. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
const MaxBytes = 64 << 10

// maxValue is how long one string of a policy may be, in bytes. An ARN has at
// most 2,048.
const maxValue = 2048

// Policy is a policy that was parsed. It never changes, and is safe for
// concurrent use.
type Policy struct {
	name       string
	statements []statement
}

// Name it was parsed with.
func (p *Policy) Name() string { return p.name }

type statement struct {
	sid         string
	deny        bool
	principal   *principals // nil in an identity-based policy
	notAction   bool
	actions     []pattern // lower case
	notResource bool
	resources   []resource // nil if the element is absent
	conditions  []condition
	// As written, to explain.
	actionTexts, resourceTexts []string
}

// ParseError is one mistake in a policy document.
type ParseError struct {
	// Policy is the name that was given.
	Policy string
	// Line and Column, from 1; the column counts bytes.
	Line, Column int
	// Element is where it is: "Statement[1].Condition.StringEquals"; "" for the document.
	Element string
	// Problem says what is wrong and what to write.
	Problem string
}

// Error is "policy NAME:LINE:COLUMN: ELEMENT: PROBLEM".
func (e *ParseError) Error() string {
	where := fmt.Sprintf("policy %s:%d:%d: ", e.Policy, e.Line, e.Column)
	if e.Element != "" {
		where += e.Element + ": "
	}
	return where + e.Problem
}

// ParseIdentity reads an identity-based policy: one of a user or a role, or what
// a Lambda authorizer returns. It must not name a principal. The name is for
// errors and for [Statement].
//
// The error joins a [*ParseError] for each mistake. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
func ParseIdentity(name string, document []byte) (*Policy, error) {
	return parse(name, document, false)
}

// ParseResource reads a resource-based policy, such as that of an API. Each
// statement must name principals. Without Resource it is about the resource that
// it belongs to, and "execute-api:/stage/METHOD/path" stands for the ARN of the
// API that it belongs to.
//
// The error joins a [*ParseError] for each mistake.
func ParseResource(name string, document []byte) (*Policy, error) {
	return parse(name, document, true)
}

// parser reads one document and collects its mistakes.
type parser struct {
	name     string
	document []byte
	resource bool // a resource-based policy
	// variables are known since Version 2012-10-17; before, they are text.
	variables bool
	errs      []error
}

func parse(name string, document []byte, isResource bool) (*Policy, error) {
	p := &parser{name: name, document: document, resource: isResource}
	if len(document) > MaxBytes {
		p.report(0, "", "the document has %d bytes; at most %d", len(document), MaxBytes)
		return nil, errors.Join(p.errs...)
	}
	root, err := readJSON(document)
	if err != nil {
		var at *problem
		if errors.As(err, &at) {
			p.report(at.offset, "", "%s", at.text)
		}
		return nil, errors.Join(p.errs...)
	}
	policy := p.policy(root)
	if p.errs != nil {
		return nil, errors.Join(p.errs...)
	}
	return policy, nil
}

func (p *parser) report(offset int64, element, format string, args ...any) {
	before := p.document[:min(offset, int64(len(p.document)))]
	p.errs = append(p.errs, &ParseError{
		Policy: p.name, Element: element, Problem: fmt.Sprintf(format, args...),
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
	})
}

// members checks that an object has no other members than these.
func (p *parser) members(n *node, element string, known ...string) bool {
	if n.kind != object {
		p.report(n.offset, element, "is %s; want an object", n.kind)
		return false
	}
	for _, f := range n.fields {
		if slices.Contains(known, f.name) {
			continue
		}
		hint := "known are " + strings.Join(known, ", ")
		for _, k := range known {
			if strings.EqualFold(k, f.name) {
				hint = "write " + k
			}
		}
		p.report(f.value.offset, element, "%q is not known here; %s", clip(f.name), hint)
	}
	return true
}

func (p *parser) policy(root *node) *Policy {
	if !p.members(root, "", "Version", "Id", "Statement") {
		return nil
	}
	if id := root.get("Id"); id != nil && id.kind != text {
		p.report(id.offset, "Id", "is %s; want a string", id.kind)
	}
	if v := root.get("Version"); v != nil {
		p.variables = v.text == "2012-10-17"
		if v.kind != text || !p.variables && v.text != "2008-10-17" {
			p.report(v.offset, "Version", `is %q; write "2012-10-17"`, clip(v.text))
		}
	}
	list := root.get("Statement")
	if list == nil {
		p.report(root.offset, "Statement", "is missing")
		return nil
	}
	policy := &Policy{name: p.name}
	if list.kind == object {
		policy.statements = []statement{p.statement(list, "Statement")}
		return policy
	}
	if list.kind != array || len(list.items) == 0 {
		p.report(list.offset, "Statement", "is %s; want one statement or a list of them", orEmpty(list))
		return nil
	}
	sids := map[string]bool{}
	for i, n := range list.items {
		element := fmt.Sprintf("Statement[%d]", i)
		s := p.statement(n, element)
		if s.sid != "" && sids[s.sid] {
			p.report(n.get("Sid").offset, element+".Sid", "%q is the Sid of another statement, too", clip(s.sid))
		}
		sids[s.sid] = true
		policy.statements = append(policy.statements, s)
	}
	return policy
}

func orEmpty(n *node) string {
	if n.kind == array && len(n.items) == 0 {
		return "an empty list"
	}
	return string(n.kind)
}
