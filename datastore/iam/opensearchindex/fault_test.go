package opensearchindex_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/opensearchindex"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

func readAll(t testing.TB, r *http.Request) []byte {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Errorf("read body: %v", err)
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return body
}

// wantError checks an error of the index; attempts is how often it was tried.
func wantError(t testing.TB, call string, err, want error, attempts int) {
	t.Helper()
	e, ok := errors.AsType[*datastore.Error](err)
	if !ok || !errors.Is(err, want) || e.Kind != want || e.Store != "search items" {
		t.Errorf("%s: error = %v, want a *datastore.Error of kind %q", call, err, want)
		return
	}
	if e.Attempts != attempts {
		t.Errorf("%s: %d attempts, want %d (%v)", call, e.Attempts, attempts, err)
	}
}

// refusal is an answer of OpenSearch that quotes what it was asked.
func refusal(status int, code string) faults.Answer {
	return faults.Answer{Status: status, Body: fmt.Sprintf(
		`{"error":{"root_cause":[{"type":%q,"reason":"Preview of field's value: 'secret'"}],"type":%[1]q,"reason":"Preview of field's value: 'secret'"},"status":%d}`, code, status)}
}

var errReset = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

var calls = map[string]func(context.Context, store) error{
	"Index":  func(ctx context.Context, s store) error { return s.Index(ctx, "secret", item{Title: "secret"}) },
	"Get":    func(ctx context.Context, s store) error { _, err := s.Get(ctx, "secret"); return err },
	"Delete": func(ctx context.Context, s store) error { return s.Delete(ctx, "secret") },
	"Bulk": func(ctx context.Context, s store) error {
		return s.Bulk(ctx, []search.Change[item]{{ID: "secret", Doc: item{Title: "secret"}}})
	},
	"Search": func(ctx context.Context, s store) error {
		_, err := s.Search(ctx, search.Query{Where: search.Match("secret")})
		return err
	},
	"Raw": func(ctx context.Context, s store) error {
		_, err := s.Search(ctx, search.Query{Raw: []byte(`{"match":{"title":"secret"}}`)})
		return err
	},
	"Ensure": func(ctx context.Context, s store) error { return s.Ensure(ctx) },
}

var good = map[string]string{
	"Index": written, "Get": `{"found":true,"_source":{}}`, "Delete": `{"result":"deleted"}`, "Bulk": `{"errors":false,"items":[{"index":{"status":200}}]}`,
	"Search": foundNothing, "Raw": foundNothing, "Ensure": `{"items":{"mappings":` + itemMapping + `}}`,
}

// TestAnswers: what each answer means, to each operation.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer faults.Answer
		want   error // nil if it is asked again, and done then
		of     map[string]error
	}{
		{name: "throttled", answer: refusal(429, "rejected_execution_exception")},
		{name: "throttled by an older version", answer: refusal(429, "es_rejected_execution_exception")},
		{name: "throttled by the service", answer: faults.Answer{Status: 429, Body: "429 Too Many Requests /items/_doc/secret"}},
		{name: "out of memory", answer: refusal(429, "circuit_breaking_exception")},
		{name: "a shard is missing", answer: refusal(503, "unavailable_shards_exception")},
		{name: "no shard", answer: refusal(503, "search_phase_execution_exception")},
		{name: "gateway", answer: faults.Answer{Status: 502, Body: "<html>secret</html>"}},
		{name: "gateway timeout", answer: faults.Answer{Status: 504, Body: `{"message":null}`}},
		{name: "not JSON", answer: faults.Answer{Body: "secret"}, of: map[string]error{"Index": nil, "Delete": nil}},
		{name: "reset", answer: faults.Answer{Err: errReset}},
		{name: "cut", answer: faults.Answer{Body: `{"sec`, Cut: true}},
		{name: "denied by IAM", answer: faults.Answer{Status: 403, Body: `{"Message":"User: arn:aws:sts::1:assumed-role/secret is not authorized"}`}, want: datastore.ErrDenied},
		{name: "denied by the domain", answer: refusal(403, "security_exception"), want: datastore.ErrDenied},
		{name: "blocked", answer: refusal(403, "cluster_block_exception"), want: datastore.ErrUnavailable},
		{name: "too large", answer: faults.Answer{Status: 413, Body: "secret"}, want: datastore.ErrTooLarge},
		{name: "another mapping", answer: refusal(400, "mapper_parsing_exception"), want: datastore.ErrDeclaration, of: map[string]error{"Raw": datastore.ErrInvalid}},
		{name: "a wrong request", answer: refusal(400, "some_new_exception"), want: datastore.ErrDeclaration, of: map[string]error{"Raw": datastore.ErrInvalid}},
		{name: "400 of something else", answer: faults.Answer{Status: 400, Body: "secret"}, want: datastore.ErrUnavailable},
		{name: "404 of something else", answer: faults.Answer{Status: 404, Body: "secret"}, want: datastore.ErrUnavailable},
		{name: "conflict", answer: refusal(409, "version_conflict_engine_exception"), want: datastore.ErrConflict},
		{name: "huge", answer: faults.Answer{From: func(faults.Request) faults.Answer {
			return faults.Answer{Body: strings.Repeat(" ", 64<<20) + "{}"}
		}}, want: datastore.ErrTooLarge},
	} {
		for name, call := range calls {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					want, special := c.of[name]
					if !special {
						want = c.want
					}
					answers := []faults.Answer{c.answer}
					if want == nil && !special {
						answers = append(answers, faults.Answer{Body: good[name]})
					}
					script := faults.NewScript(t, answers...)
					err := call(t.Context(), open(t, script.Client(), search.Domain))
					if want != nil {
						wantError(t, name, err, want, 1)
						if strings.Contains(err.Error(), "secret") {
							t.Errorf("%s: the error %q quotes what it must not", name, err)
						}
					} else if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				})
			})
		}
	}
}

// TestReason: OpenSearch's own text is found by those who look for it.
func TestReason(t *testing.T) {
	t.Parallel()
	script := faults.NewScript(t, refusal(400, "mapper_parsing_exception"))
	err := calls["Index"](t.Context(), open(t, script.Client(), search.Domain))
	e, ok := errors.AsType[*opensearchindex.Error](err)
	want := opensearchindex.Error{Status: 400, Type: "mapper_parsing_exception", Reason: "Preview of field's value: 'secret'"}
	if !ok || *e != want {
		t.Errorf("Index: error = %#v, want %#v", e, want)
	}
	if own, ok := errors.AsType[*datastore.Error](err); !ok || own.Code != want.Type {
		t.Errorf("Index: error = %v, want the code %s", err, want.Type)
	}
}

// TestMissing: an index that was not made, and a document that is not there.
func TestMissing(t *testing.T) {
	t.Parallel()
	noIndex := faults.Answer{Status: 404, Body: `{"error":{"type":"index_not_found_exception"}}`}
	noDoc := map[string]faults.Answer{
		"Get": {Status: 404, Body: `{"found":false}`}, "Delete": {Status: 404, Body: `{"result":"not_found"}`},
	}
	for _, name := range []string{"Index", "Get", "Delete", "Bulk", "Search"} {
		script := faults.NewScript(t, noIndex)
		err := calls[name](t.Context(), open(t, script.Client(), search.Domain))
		wantError(t, name+" without an index", err, datastore.ErrUnavailable, 1)
	}
	for name, want := range map[string]error{"Get": datastore.ErrNotFound, "Delete": nil} {
		script := faults.NewScript(t, noDoc[name])
		if err := calls[name](t.Context(), open(t, script.Client(), search.Domain)); !errors.Is(err, want) {
			t.Errorf("%s without a document: error = %v, want %v", name, err, want)
		}
	}
}

// TestPartialSearch: an answer that lacks a part of the index is none.
func TestPartialSearch(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"timed out":    `{"timed_out":true,"_shards":{"failed":0},"hits":{}}`,
		"failed shard": `{"timed_out":false,"_shards":{"failed":1,"failures":[{"reason":{"type":"node_disconnected_exception","reason":"secret"}}]},"hits":{}}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			script := faults.NewScript(t, faults.Answer{Body: answer}, faults.Answer{Body: foundNothing})
			if err := calls["Search"](t.Context(), open(t, script.Client(), search.Domain)); err != nil {
				t.Errorf("Search, first %s: %v", name, err)
			}
			script = faults.NewScript(t, faults.Answer{Body: answer, Always: true})
			err := calls["Search"](t.Context(), open(t, script.Client(), search.Domain))
			wantError(t, "Search, always "+name, err, datastore.ErrUnavailable, 8)
		})
	}
}

// TestLost: a write whose answers were lost is ErrUnknown in the end, a read is
// ErrUnavailable, and one that was never sent too.
func TestLost(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		want := datastore.ErrUnavailable
		if name == "Index" || name == "Delete" || name == "Bulk" {
			want = datastore.ErrUnknown
		}
		synctest.Test(t, func(t *testing.T) {
			script := faults.NewScript(t, faults.Answer{Err: errReset, Always: true})
			wantError(t, name+" whose answers are lost", call(t.Context(), open(t, script.Client(), search.Domain)), want, 8)
			script = faults.NewScript(t, faults.Answer{Err: &net.OpError{Op: "dial", Err: errors.New("refused")}, Always: true})
			wantError(t, name+" without a connection", call(t.Context(), open(t, script.Client(), search.Domain)), datastore.ErrUnavailable, 8)
			script = faults.NewScript(t, faults.Answer{Err: errReset}, refusal(429, "rejected_execution_exception"), faults.Answer{Err: errReset}, faults.Answer{Body: good[name]})
			if err := call(t.Context(), open(t, script.Client(), search.Domain)); err != nil {
				t.Errorf("%s that is done in the end: %v", name, err)
			}
		})
	}
}

// TestBudget: no operation outlives its deadline, and one without time is not sent.
func TestBudget(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			begin := time.Now()
			script := faults.NewScript(t, faults.Answer{Hang: true, Always: true})
			err := call(ctx, open(t, script.Client(), search.Domain))
			if took := time.Since(begin); err == nil || took > 200*time.Millisecond {
				t.Errorf("%s of a server that hangs took %v: %v, want an error within 200 ms", name, took, err)
			}
			if n := len(script.Requests()); n < 2 {
				t.Errorf("%s of a server that hangs: %d requests, want a second attempt", name, n)
			}
			cancel()
			script = faults.NewScript(t)
			wantError(t, name+" without time", call(ctx, open(t, script.Client(), search.Domain)), datastore.ErrNoBudget, 0)
		})
	}
}

// TestBulkLeftover: changes that the index was too busy for are sent again, and
// only these; what it refuses is named by its place.
func TestBulkLeftover(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := func(r faults.Request) faults.Answer { // for the last third, and poison always
			lines := strings.Split(strings.TrimSpace(r.Body), "\n")
			n := len(lines) / 2
			var items []string
			for i := range n {
				switch {
				case strings.Contains(lines[2*i], `"poison"`):
					items = append(items, `{"index":{"status":400,"error":{"type":"mapper_parsing_exception"}}}`)
				case i >= n-n/3:
					items = append(items, `{"index":{"status":429,"error":{"type":"rejected_execution_exception"}}}`)
				default:
					items = append(items, `{"index":{"status":201}}`)
				}
			}
			return faults.Answer{Body: `{"errors":true,"items":[` + strings.Join(items, ",") + `]}`}
		}
		script := faults.NewScript(t, faults.Answer{From: busy, Always: true})
		var changes []search.Change[item]
		for i := range 30 {
			changes = append(changes, search.Change[item]{ID: fmt.Sprint(i), Doc: item{Price: i}})
		}
		changes[4].ID = "poison"
		err := open(t, script.Client(), search.Domain).Bulk(t.Context(), changes)
		partial, ok := errors.AsType[*datastore.PartialError](err)
		if !ok || len(partial.Failed) != 1 || partial.Failed[0].Index != 4 || !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("Bulk: error = %v, want a PartialError of item 4 alone, %v", err, datastore.ErrDeclaration)
		}
		var sizes []int
		for _, r := range script.Requests() {
			sizes = append(sizes, strings.Count(r.Body, "\n")/2)
		}
		if diff := cmp.Diff([]int{30, 10, 3, 1}, sizes); diff != "" {
			t.Errorf("changes in each request (-want +got):\n%s", diff)
		}
	})
}

// TestBulkSize: a request has at most 1000 changes and about 5 MiB.
func TestBulkSize(t *testing.T) {
	t.Parallel()
	made := func(r faults.Request) faults.Answer {
		if len(r.Body) > search.MaxBulkBytes {
			t.Errorf("a request has %d bytes, over %d", len(r.Body), search.MaxBulkBytes)
		}
		n := strings.Count(r.Body, "\n") / 2
		return faults.Answer{Body: `{"errors":false,"items":[` + strings.TrimSuffix(strings.Repeat(`{"index":{"status":200}},`, n), ",") + `]}`}
	}
	script := faults.NewScript(t, faults.Answer{From: made, Always: true})
	handle := open(t, script.Client(), search.Domain)
	large := strings.Repeat("x", 2<<20)
	var changes []search.Change[item]
	for i := range 1003 {
		c := search.Change[item]{ID: fmt.Sprint(i)}
		if i < 5 {
			c.Doc.Title = large
		}
		changes = append(changes, c)
	}
	if err := handle.Bulk(t.Context(), changes); err != nil {
		t.Fatalf("Bulk: %v", err)
	}
	var sizes []int
	for _, r := range script.Requests() {
		sizes = append(sizes, strings.Count(r.Body, "\n")/2)
	}
	if diff := cmp.Diff([]int{2, 2, 999}, sizes); diff != "" {
		t.Errorf("changes in each request (-want +got):\n%s", diff)
	}
}

// TestEnsureRace: two functions that make an index at once both succeed.
func TestEnsureRace(t *testing.T) {
	t.Parallel()
	script := faults.NewScript(t,
		faults.Answer{Status: 404, Body: `{"error":{"type":"index_not_found_exception"}}`},
		refusal(400, "resource_already_exists_exception"),
		faults.Answer{Body: good["Ensure"]},
	)
	if err := calls["Ensure"](t.Context(), open(t, script.Client(), search.Domain)); err != nil {
		t.Errorf("Ensure: %v", err)
	}
}

// TestEnsureOtherType: a field that has another type is named, and nothing is
// changed.
func TestEnsureOtherType(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		`{"price":{"type":"text"}}`:                                          `field "price" is of type text in the index and of type long in the program`,
		`{"price":{"type":"object","enabled":false}}`:                        `field "price" is of type stored in`,
		`{"title":{"properties":{"x":{"type":"long"}}}}`:                     `field "title" is of type object in`,
		`{"title":{"type":"text","fields":{"keyword":{"type":"wildcard"}}}}`: `field "title.keyword" is of type wildcard in`,
	} {
		script := faults.NewScript(t, faults.Answer{Body: `{"items":{"mappings":{"properties":` + stored + `}}}`})
		err := calls["Ensure"](t.Context(), open(t, script.Client(), search.Domain))
		if !errors.Is(err, datastore.ErrDeclaration) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("Ensure of an index with %s: error = %v, want %v, %s", stored, err, datastore.ErrDeclaration, want)
		}
	}
}

// TestServerFaults: what a real OpenSearch says of an index that does not fit.
func TestServerFaults(t *testing.T) {
	t.Parallel()
	server := servers.URL(t, "TIERKIT_TEST_OPENSEARCH")
	url := freshIndex(t, server)
	missing := datastore.Use[store](function{}, search.New[item](on(url, config()), "items", search.Domain))
	_, err := missing.Get(t.Context(), "1")
	wantError(t, "Get of no index", err, datastore.ErrUnavailable, 1)
	_, err = missing.Search(t.Context(), search.Query{})
	wantError(t, "Search of no index", err, datastore.ErrUnavailable, 1)

	type other struct { // price is another thing, and title is missing
		Price string `json:"price" search:"text"`
	}
	wrong := datastore.Use[search.Ensurer](function{}, search.New[other](on(url, config()), "items", search.Domain))
	if err := wrong.Ensure(t.Context()); err != nil {
		t.Fatalf("Ensure: %v", err)
	}
	handle := datastore.Use[store](function{}, search.New[item](on(url, config()), "items", search.Domain))
	wantErrorKind := func(call string, err error) {
		t.Helper()
		if !errors.Is(err, datastore.ErrDeclaration) || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: error = %v, want %v, and nothing of the document", call, err, datastore.ErrDeclaration)
		}
	}
	wantErrorKind("Ensure of another type", handle.Ensure(t.Context()))
	wantErrorKind("Index of an unknown field", handle.Index(t.Context(), "1", item{Title: "secret"}))
	wantErrorKind("Bulk of an unknown field", handle.Bulk(t.Context(), []search.Change[item]{{ID: "1", Doc: item{Title: "secret"}}}))
	_, err = handle.Search(t.Context(), search.Query{Sort: []search.Sort{{Field: "price"}}})
	wantErrorKind("Search by the words of a number", err)
}

// TestServerLost: a write whose answer was lost on the way from a real OpenSearch is
// repeated, and is there once.
func TestServerLost(t *testing.T) {
	t.Parallel()
	server := servers.URL(t, "TIERKIT_TEST_OPENSEARCH")
	proxy := faults.NewProxy(t, server)
	url := freshIndex(t, server)
	handle := datastore.Use[store](function{}, search.New[item](on(strings.Replace(url, server, proxy.URL(), 1), config()), "items", search.Domain))
	if err := handle.Ensure(t.Context()); err != nil {
		t.Fatalf("Ensure: %v", err)
	}
	for name, do := range map[string]func() error{
		"Index":  func() error { return handle.Index(t.Context(), "1", item{Price: 1}, search.Version(5)) },
		"Bulk":   func() error { return handle.Bulk(t.Context(), []search.Change[item]{{ID: "2", Version: 5}}) },
		"Delete": func() error { return handle.Delete(t.Context(), "3", search.Version(5)) },
		"Get":    func() error { _, err := handle.Get(t.Context(), "4"); return err },
	} {
		if err := handle.Index(t.Context(), "4", item{}); err != nil { // a live connection
			t.Fatalf("Index: %v", err)
		}
		proxy.LoseAnswer()
		if err := do(); err != nil {
			t.Errorf("%s whose answer was lost: %v", name, err)
		}
	}
	proxy.LoseAnswer()
	if err := handle.Index(t.Context(), "1", item{Price: 2}, search.Version(4)); !errors.Is(err, datastore.ErrConflict) && !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Index of a lower version: error = %v, want %v or %v", err, datastore.ErrConflict, datastore.ErrUnknown)
	}
	if got, err := handle.Get(t.Context(), "1"); err != nil || got.Price != 1 {
		t.Errorf("Get = %+v, %v, want the higher version", got, err)
	}
}
