package dynamotable_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// shelf is a server of DynamoDB's protocol with room for one item, of which every
// operation speaks: enough to see on the wire what was carried out. That its
// answers are DynamoDB's is shown by the conformance suite on other servers.
type shelf struct {
	mu   sync.Mutex
	item string   // as JSON; "" for none
	ops  []string // carried out
}

const stored = `{"id":{"S":"1"},"text":{"S":"of some length, so that it can be cut in the middle"}}`

func startShelf(t testing.TB) (*shelf, string) {
	t.Helper()
	s := &shelf{item: stored}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	status, answer := s.carryOut(op, string(body))
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	fmt.Fprint(w, answer)
}

func (s *shelf) carryOut(op, body string) (status int, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops = append(s.ops, op)
	switch op {
	case "GetItem":
		if s.item == "" {
			return 200, "{}"
		}
		return 200, `{"Item":` + s.item + `}`
	case "BatchGetItem":
		return 200, `{"Responses":{"physical":[` + s.item + `]},"UnprocessedKeys":{}}`
	case "Query":
		return 200, `{"Items":[` + s.item + `],"Count":1}`
	case "DeleteItem":
		s.item = ""
		return 200, "{}"
	}
	var in struct {
		Item                json.RawMessage
		ConditionExpression string
	}
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		return 400, `{"__type":"com.amazonaws.dynamodb.v20120810#SerializationException"}`
	}
	if in.ConditionExpression != "" && s.item != "" {
		return 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":` + s.item + `}`
	}
	s.item = string(in.Item)
	return 200, "{}"
}

// empty takes the item away.
func (s *shelf) empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.item = ""
}

// carriedOut are the operations since the last call.
func (s *shelf) carriedOut() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ops := slices.Clone(s.ops)
	s.ops = nil
	return ops
}

// notesAt is a handle on the table of the server at url, reached by client.
func notesAt(t testing.TB, url string, client *http.Client) notes {
	t.Helper()
	t.Cleanup(client.CloseIdleConnections)
	return datastore.Use[notes](function{}, table.New[note](onServer(t, config(url, client), "physical"), "notes"))
}
