//go:build !lambda.norpc

package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// asked are the flags of the command explain.
type asked struct {
	storeOptions
	door, api, function string
	header              headerFlag
	body                string
	asJSON              bool
}

// headerFlag is a flag that may be given several times: 'Name: value'.
type headerFlag struct{ http.Header }

func (h headerFlag) String() string { return "" }

// Set adds a header, under the name as it is written.
func (h headerFlag) Set(text string) error {
	name, value, found := strings.Cut(text, ":")
	if name = strings.TrimSpace(name); !found || name == "" {
		return fmt.Errorf("%q: write 'Name: value'", text)
	}
	h.Header[name] = append(h.Header[name], strings.TrimSpace(value))
	return nil
}

// explainRequest sends one request through a local front door and prints what
// became of it, step by step. The status is 1 if it was answered 400 or more.
func (p *program) explainRequest(args []string) error {
	o := asked{storeOptions: storeOptions{data: "embedded", dir: defaultDir}, door: "rest", header: headerFlag{http.Header{}}}
	rest, err := p.parse("explain", args, 2, func(f *flag.FlagSet) {
		f.StringVar(&o.door, "door", o.door, "front `door` to imitate: "+doorNames())
		f.StringVar(&o.api, "api", o.api, "`name` of the API; needed if there are several")
		f.StringVar(&o.function, "function", o.function, "`name` of the function behind a door that does not route; needed if there are several")
		f.Var(o.header, "H", "a `header` as 'Name: value'; may be given several times")
		f.StringVar(&o.body, "d", o.body, "the `body`, or @file, or @- for the standard input")
		f.BoolVar(&o.asJSON, "json", false, "print JSON")
		o.define(f)
	})
	if err != nil {
		return err
	}
	body, err := p.readBody(o.body)
	if err != nil {
		return err
	}
	data, err := p.openData(o.storeOptions)
	if err != nil {
		return err
	}
	var e *local.Explanation
	err = func() error {
		app, err := p.checked(data.Data)
		if err != nil {
			return err
		}
		e, err = o.ask(app, rest[0], rest[1], body, slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
		return err
	}()
	if err := errors.Join(err, data.close()); err != nil {
		return err
	}
	if o.asJSON {
		err = p.printJSON(e)
	} else {
		err = p.printExplanation(p.stdout, e)
	}
	if err == nil && e.Answer.Status >= http.StatusBadRequest {
		return errRefused
	}
	return err
}

// readBody is the body that -d names.
func (p *program) readBody(text string) ([]byte, error) {
	name, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return []byte(text), nil
	}
	in := p.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("-d: %w", err)
		}
		defer file.Close()
		in = file
	}
	// More than any front door takes, so that it gives the answer.
	const most = 16 << 20
	body, err := io.ReadAll(io.LimitReader(in, most))
	if err != nil {
		return nil, fmt.Errorf("-d: %w", err)
	}
	return body, nil
}

// ask sends the request over a connection, as a client would, to a gateway of
// its own.
func (o *asked) ask(app *tier.App, method, target string, body []byte, log *slog.Logger) (*local.Explanation, error) {
	gateway, explained, err := o.gateway(app, log)
	if err != nil {
		return nil, err
	}
	listener, err := local.Listen(0)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- local.Serve(ctx, listener, gateway, nil) }()
	err = o.send(listener.Addr().String(), method, target, body)
	stop()
	if err := errors.Join(err, <-served); err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	select {
	case e := <-explained:
		return e, nil
	default:
		return nil, errors.New("explain: the request is not HTTP, so that no front door saw it; mend its method, path or headers")
	}
}

// gateway is the front door that was asked for, and where it tells of a request.
func (o *asked) gateway(app *tier.App, log *slog.Logger) (http.Handler, <-chan *local.Explanation, error) {
	door := doorNamed(o.door)
	if door == nil {
		return nil, nil, fmt.Errorf("-door %q: write %s", o.door, doorNames())
	}
	api, err := choose("-api", o.api, app.APIs())
	if err != nil {
		return nil, nil, err
	}
	explained := make(chan *local.Explanation, 1)
	gateways, err := door.gateways(api, log, func(e *local.Explanation) { explained <- e })
	if err != nil {
		return nil, nil, err
	}
	if door.function == nil {
		return gateways[0].gateway, explained, nil
	}
	f, err := choose("-function", o.function, api.Functions())
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(gateways, func(s server) bool { return s.function == f })
	return gateways[i].gateway, explained, nil
}

// choose is the one of that name, or the only one.
func choose[T interface{ Name() string }](flag, name string, all []T) (T, error) {
	var none T
	var names []string
	for _, x := range all {
		if x.Name() == name || name == "" && len(all) == 1 {
			return x, nil
		}
		names = append(names, x.Name())
	}
	if len(all) == 0 {
		return none, fmt.Errorf("%s: there is none to send a request to", flag)
	}
	return none, fmt.Errorf("%s %q: write one of: %s", flag, name, strings.Join(names, ", "))
}

// send sends the request as it was written: the path is not cleaned, redirects
// are not followed.
func (o *asked) send(address, method, target string, body []byte) error {
	path, query, _ := strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("path %q: write one that starts with /", path)
	}
	req, err := http.NewRequest(method, "http://"+address+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.URL = &url.URL{Scheme: "http", Host: address, RawQuery: query, Opaque: path}
	if strings.HasPrefix(path, "//") { // the absolute form, which keeps the slashes
		req.URL.Opaque = "//" + address + path
	}
	req.Header = o.header.Header
	for name, values := range req.Header {
		if strings.EqualFold(name, "Host") {
			req.Host = values[0]
			delete(req.Header, name)
		}
	}
	if len(req.Header.Values("User-Agent")) == 0 {
		req.Header["User-Agent"] = []string{"tierkit-explain"}
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

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
