//go:build !lambda.norpc

package run

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// asked are the flags of the command explain.
type asked struct {
	storeOptions
	door, api, function string
	who                 string // file of identities
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
	o := asked{storeOptions: storeOptions{data: "embedded", dir: defaultDir}, header: headerFlag{http.Header{}}}
	rest, err := p.parse("explain", args, 2, func(f *flag.FlagSet) {
		f.StringVar(&o.door, "door", o.door, "front `door` to imitate: "+doorNames()+" (default the API's own kind)")
		f.StringVar(&o.who, "identities", o.who, "`file` of those who may sign requests, of API keys and key sets; default identities.json in -dir")
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
		ids, err := p.whoCalls(app, data, o.door, identityFile{path: o.who, dir: o.dir})
		if err != nil {
			return err
		}
		callees, err := data.callees.serve(app, nil)
		if err != nil {
			return err
		}
		defer callees.Close()
		e, err = o.ask(app, ids, rest[0], rest[1], body, slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
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
func (o *asked) ask(app *tier.App, ids *local.Identities, method, target string, body []byte, log *slog.Logger) (*local.Explanation, error) {
	gateway, explained, err := o.gateway(app, ids, log)
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
func (o *asked) gateway(app *tier.App, ids *local.Identities, log *slog.Logger) (http.Handler, <-chan *local.Explanation, error) {
	if o.door != "" && doorNamed(o.door) == nil {
		return nil, nil, fmt.Errorf("-door %q: write %s", o.door, doorNames())
	}
	api, err := choose("-api", o.api, app.APIs())
	if err != nil {
		return nil, nil, err
	}
	door, each := doorOf(api, o.door), api.Functions()
	if door.function != nil && len(each) > 0 {
		f, err := choose("-function", o.function, each)
		if err != nil {
			return nil, nil, err
		}
		each = []*tier.Function{f}
	}
	explained := make(chan *local.Explanation, 1)
	gateways, err := door.gateways(api, each, local.Options{Log: log, Identities: ids, Explain: func(e *local.Explanation) { explained <- e }})
	if err != nil {
		return nil, nil, err
	}
	return gateways[0].handler, explained, nil
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
	if name == "" {
		return none, fmt.Errorf("there are several; name one before METHOD with %s: %s", flag, strings.Join(names, ", "))
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
