package schema

import (
	"slices"
	"strconv"
	"strings"
)

// Limits of what one document may cost.
const (
	MaxDepth  = 128 // arrays and objects inside each other
	MaxIssues = 100 // issues of one document; the rest is not reported
	maxName   = 64  // bytes of a map key in a location
)

// Issue is one thing wrong with a document.
type Issue struct {
	// Location below the document: ".items[3].sku", "[0]", ".labels[key]"; ""
	// for the whole document.
	Location string
	// Rule that is broken: "json", "type", "unknown", "duplicate".
	Rule string
	// Message says what is expected. It never repeats the value.
	Message string
	// Reason is the error of a type's own UnmarshalJSON or UnmarshalText, which may
	// repeat the value: it is for a log and not for who sent the document. nil for any
	// other issue, and where a field has the tag redact: the one that was refused, one
	// that it lies in, or one of the type that refused it.
	Reason error
}

// segment is one step of a location.
type segment struct {
	name  string
	index int // of an array, if name is ""
	key   bool
}

// raised is an issue whose location is still growing, innermost first.
type raised struct {
	path    []segment
	rule    string
	message string
	reason  error
}

func (r *raised) issue() Issue {
	var b strings.Builder
	for _, s := range slices.Backward(r.path) {
		s.write(&b)
	}
	return Issue{Location: b.String(), Rule: r.rule, Message: r.message, Reason: r.reason}
}

func (s segment) write(b *strings.Builder) {
	switch {
	case s.key:
		b.WriteByte('[')
		b.WriteString(Short(s.name))
		b.WriteByte(']')
	case s.name != "":
		b.WriteByte('.')
		b.WriteString(Short(s.name))
	default:
		b.WriteByte('[')
		b.WriteString(strconv.Itoa(s.index))
		b.WriteByte(']')
	}
}

// Short cuts a name that a client chose to what a location may show of it.
func Short(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "…"
}

// raise notes an issue at the value being decoded.
func (s *state) raise(rule, message string) {
	if s.err == "" && len(s.issues) < MaxIssues {
		s.issues = append(s.issues, raised{rule: rule, message: message})
	}
}

// refuse notes an issue for which a type of its own has the reason.
func (s *state) refuse(message string, reason error) {
	before := len(s.issues)
	s.raise("type", message)
	if len(s.issues) > before {
		s.issues[before].reason = reason
	}
}

// withhold forgets the reasons of the issues raised since there were n.
func (s *state) withhold(n int) {
	for i := n; i < len(s.issues); i++ {
		s.issues[i].reason = nil
	}
}

// under puts a step in front of the issues raised since there were n.
func (s *state) under(n int, step segment) {
	for i := n; i < len(s.issues); i++ {
		s.issues[i].path = append(s.issues[i].path, step)
	}
}

// mismatch passes over a value of the wrong type.
func (s *state) mismatch(message string) {
	if s.peek() == 'n' {
		message = "must not be null"
	}
	s.skip()
	s.raise("type", message)
}
