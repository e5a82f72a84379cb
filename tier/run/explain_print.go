//go:build !lambda.norpc

package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// failures prints the explanations of requests that were answered 400 or more.
func (p *program) failures() func(*local.Explanation) {
	var mu sync.Mutex
	return func(e *local.Explanation) {
		if e.Answer.Status < http.StatusBadRequest {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		_ = p.printExplanation(p.stdout, e) // nobody is left to be told
	}
}

// printJSON prints an explanation with its lines relative to the main package.
func (p *program) printJSON(e *local.Explanation) error {
	type step struct {
		local.ExplainedStep
		At string `json:"at,omitempty"`
	}
	type explanation struct {
		*local.Explanation
		Steps []step `json:"steps"`
	}
	out := explanation{e, make([]step, len(e.Steps))}
	for i, s := range e.Steps {
		out.Steps[i].ExplainedStep = s
		if !s.At.IsZero() {
			out.Steps[i].At = s.At.RelativeTo(p.folder)
		}
	}
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// printExplanation prints what became of a request, in the order in which it
// did.
func (p *program) printExplanation(w io.Writer, e *local.Explanation) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, request %s\n", e.Door, e.ID)
	fmt.Fprintf(&b, "\n> %s %s %s\n", visible(e.Request.Method), visible(e.Request.Target), e.Request.Proto)
	printMessage(&b, "> ", e.Request.Header, e.Request.Body)
	b.WriteByte('\n')
	for i, s := range e.Steps {
		mark := " "
		if s.Refused {
			mark = "x"
		}
		at := ""
		if !s.At.IsZero() {
			at = "  (" + s.At.RelativeTo(p.folder) + ")"
		}
		fmt.Fprintf(&b, "%s %d. %s: %s%s\n", mark, i+1, visible(s.Who), visible(s.What), at)
	}
	if e.Error != "" {
		fmt.Fprintf(&b, "  error: %s\n", visible(e.Error))
	}
	if e.Function != "" {
		fmt.Fprintf(&b, "\nevent of function %s:\n%s\n", e.Function, pretty(e.Event))
		if e.Output != "" {
			fmt.Fprintf(&b, "its answer:\n%s\n", pretty([]byte(e.Output)))
		}
	}
	fmt.Fprintf(&b, "\n< %d %s\n", e.Answer.Status, http.StatusText(e.Answer.Status))
	printMessage(&b, "< ", e.Answer.Header, e.Answer.Body)
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

func printMessage(b *bytes.Buffer, prefix string, header http.Header, body string) {
	var names []string
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range header[name] {
			fmt.Fprintf(b, "%s%s: %s\n", prefix, visible(name), visible(v))
		}
	}
	if body == "" {
		return
	}
	fmt.Fprintf(b, "%s\n", strings.TrimSpace(prefix))
	for line := range strings.SplitSeq(strings.TrimRight(pretty([]byte(body)), "\n"), "\n") {
		fmt.Fprintf(b, "%s%s\n", prefix, line)
	}
}

// pretty is JSON with indents, other text with its lines and no control
// characters.
func pretty(text []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") == nil {
		text = b.Bytes()
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}

// visible is s with its control characters shown: a client chose them, and a
// terminal obeys them.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '·'
		}
		return r
	}, s)
}
