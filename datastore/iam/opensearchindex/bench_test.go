package opensearchindex_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// BenchmarkDriver is the driver against a hand-written client, which signs and
// decodes too, on the same answers of the same server in this process.
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/opensearchindex
func BenchmarkDriver(b *testing.B) {
	ctx := paired.Context(b)
	bare, driver := beside(b, 50)
	paired.Compare(b, "index", func() error { return bare.do(ctx, http.MethodPut, "/_doc/1", boots, nil) },
		func() error { return driver.Index(ctx, "1", boots) })
	paired.Compare(b, "get", func() error {
		var out struct {
			Source item `json:"_source"`
		}
		return bare.do(ctx, http.MethodGet, "/_doc/1", nil, &out)
	}, func() error {
		_, err := driver.Get(ctx, "1")
		return err
	})
	search50, driven := searchFor(ctx, b, 50)
	paired.Compare(b, "search 50", search50, driven)
	bulk50, driven := bulkOf(ctx, b, 50)
	paired.Compare(b, "bulk 50", bulk50, driven)
}

func TestAllocations(t *testing.T) {
	paired.PerItem(t, "Search", 10, 110, func(n int) (bare, driver func() error) { return searchFor(t.Context(), t, n) })
	paired.PerItem(t, "Bulk", 10, 110, func(n int) (bare, driver func() error) { return bulkOf(t.Context(), t, n) })
}

var boots = item{Title: strings.Repeat("red winter boots ", 60), Price: 5, Added: time.Unix(1e9, 0).UTC()}

// beside are a hand-written client and the driver, at a server whose answers are of n
// documents.
func beside(tb testing.TB, n int) (bareClient, store) {
	tb.Helper()
	source, err := json.Marshal(boots)
	if err != nil {
		tb.Fatal(err)
	}
	var hits []string
	for i := range n {
		hits = append(hits, fmt.Sprintf(`{"_index":"items","_id":"%d","_score":1.5,"_source":%s,"sort":[1.5,"%[1]d"]}`, i, source))
	}
	answers := map[string][]byte{
		http.MethodPut: []byte(`{"_index":"items","_id":"1","_version":1,"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1}`),
		"get":          []byte(`{"_index":"items","_id":"1","_version":1,"found":true,"_source":` + string(source) + `}`),
		"bulk":         []byte(`{"errors":false,"items":[` + strings.Repeat(`{"index":{"status":200}},`, n-1) + `{"index":{"status":200}}]}`),
		"search":       []byte(`{"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":{"value":50,"relation":"eq"},"max_score":1.5,"hits":[` + strings.Join(hits, ",") + `]}}`),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer := answers[r.Method]
		switch {
		case strings.HasSuffix(r.URL.Path, "/_search"):
			answer = answers["search"]
		case strings.HasSuffix(r.URL.Path, "/_bulk"):
			answer = answers["bulk"]
		case r.Method == http.MethodGet:
			answer = answers["get"]
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}))
	tb.Cleanup(server.Close)
	cfg := config()
	cfg.HTTPClient = iam.HTTPClient()
	return bareClient{http: iam.HTTPClient(), url: server.URL + "/items", signer: v4.NewSigner()},
		datastore.Use[store](function{}, search.New[item](on(server.URL+"/items", cfg), "items", search.Domain))
}

func searchFor(ctx context.Context, tb testing.TB, n int) (bare, driver func() error) {
	tb.Helper()
	client, driven := beside(tb, n)
	return func() error {
			var out bareHits
			return client.do(ctx, http.MethodGet, "/_search", map[string]any{
				"size": n, "query": map[string]any{"multi_match": map[string]any{"query": "winter", "fields": []string{"title"}}},
				"sort": []any{map[string]any{"_score": "desc"}, map[string]any{"_key": "asc"}},
			}, &out)
		}, func() error {
			hits, err := driven.Search(ctx, search.Query{Where: search.Match("winter"), Limit: n})
			if err == nil && len(hits.Items) != n {
				err = fmt.Errorf("%d hits", len(hits.Items))
			}
			return err
		}
}

func bulkOf(ctx context.Context, tb testing.TB, n int) (bare, driver func() error) {
	tb.Helper()
	client, driven := beside(tb, n)
	return func() error {
			var body bytes.Buffer
			lines := json.NewEncoder(&body)
			for i := range n {
				id := strconv.Itoa(i)
				if err := errors.Join(lines.Encode(bareChange{bareIndex{id}}), lines.Encode(bareDoc{id, boots})); err != nil {
					return err
				}
			}
			var out struct {
				Errors bool `json:"errors"`
				Items  []struct {
					Index struct {
						Status int `json:"status"`
					} `json:"index"`
				} `json:"items"`
			}
			err := client.send(ctx, http.MethodPut, "/_bulk", body.Bytes(), &out)
			if err == nil && len(out.Items) != n {
				err = fmt.Errorf("%d items", len(out.Items))
			}
			return err
		}, func() error {
			changes := make([]search.Change[item], n)
			for i := range changes {
				changes[i] = search.Change[item]{ID: strconv.Itoa(i), Doc: boots}
			}
			return driven.Bulk(ctx, changes)
		}
}

// What a bulk request has for one document.
type (
	bareIndex struct {
		ID string `json:"_id"`
	}
	bareChange struct {
		Index bareIndex `json:"index"`
	}
	bareDoc struct {
		Key string `json:"_key"`
		item
	}
)

type bareHits struct {
	Hits struct {
		Total struct {
			Value    int64  `json:"value"`
			Relation string `json:"relation"`
		} `json:"total"`
		Hits []struct {
			ID     string            `json:"_id"`
			Score  float64           `json:"_score"`
			Source item              `json:"_source"`
			Sort   []json.RawMessage `json:"sort"`
		} `json:"hits"`
	} `json:"hits"`
}

// bareClient is what one writes by hand.
type bareClient struct {
	http   *http.Client
	url    string
	signer *v4.Signer
}

func (c bareClient) do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	return c.send(ctx, method, path, body, out)
}

func (c bareClient) send(ctx context.Context, method, path string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	keys, err := config().Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	if err := c.signer.SignHTTP(ctx, keys, req, hash, "es", "eu-west-1", time.Now()); err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	if out == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}
