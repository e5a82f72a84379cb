package opensearchindex

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// conn is one index.
type conn struct {
	client   *client
	retry    *iam.Retry
	spec     search.Spec
	endpoint *url.URL // with the path of the index
	service  string   // for which to sign
}

var _ search.Conn = (*conn)(nil)

// write is the call of all writes: one that is repeated leaves what the first left.
var write = iam.Call{Write: true, Repeatable: true}

// errForeign is an answer of status 2xx that is none of OpenSearch's. That of
// encoding/json could quote it.
var errForeign = errors.New("the answer is not OpenSearch's")

// Get implements [search.Conn].
func (c *conn) Get(ctx context.Context, id string) (doc []byte, err error) {
	err = c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) error {
		status, answer, err := c.send(ctx, request{method: http.MethodGet, path: "/_doc/", id: id})
		var body struct {
			Found *bool `json:"found"`
		}
		if err != nil && status != http.StatusNotFound {
			return err
		}
		envelope, docs, whole := split(answer, inGet)
		switch {
		case whole && json.Unmarshal(envelope, &body) == nil && body.Found != nil && *body.Found == (len(docs) == 1):
			if *body.Found {
				doc = docs[0]
			}
			return nil
		case err != nil: // no index, or not OpenSearch at all
			return err
		}
		return errForeign
	})
	return doc, err
}

// Write implements [search.Conn].
func (c *conn) Write(ctx context.Context, w search.Write) error {
	r := request{method: http.MethodDelete, path: "/_doc/", id: w.ID}
	if w.Doc != nil {
		r.method, r.body = http.MethodPut, appendDoc(make([]byte, 0, len(w.Doc)+len(w.ID)+32), w)
	}
	if w.Version != 0 {
		r.query = "version=" + strconv.FormatInt(w.Version, 10) + "&version_type=external_gte"
	}
	if w.Wait {
		if r.query != "" {
			r.query += "&"
		}
		r.query += refresh
	}
	return c.retry.Do(ctx, write, func(ctx context.Context) error {
		status, answer, err := c.send(ctx, r)
		if w.Doc == nil && status == http.StatusNotFound && notFound(answer) {
			return nil
		}
		return err
	})
}

const refresh = "refresh=wait_for"

// notFound reports whether an answer says that there was nothing to delete.
func notFound(answer []byte) bool {
	var body struct {
		Result string `json:"result"`
	}
	return json.Unmarshal(answer, &body) == nil && body.Result == "not_found"
}

// keyField has the id of a document, to order by.
const keyField = "_key"

// appendDoc appends a document with its id in keyField.
func appendDoc(b []byte, w search.Write) []byte {
	b = append(b, `{"`+keyField+`":`...)
	b = appendString(b, w.ID)
	if len(w.Doc) > len(`{}`) {
		b = append(b, ',')
	}
	return append(b, w.Doc[1:]...)
}

// Bulk implements [search.Conn].
func (c *conn) Bulk(ctx context.Context, ws []search.Write, wait bool) error {
	r := request{method: http.MethodPut, path: "/_bulk", lines: true}
	if c.spec.Service == search.Serverless {
		r.method = http.MethodPost
	} else if r.query = "filter_path=errors,items.*.status,items.*.error.type"; wait {
		r.query += "&" + refresh
	}
	return c.retry.Batch(ctx, write, len(ws), func(ctx context.Context, left []int, a *iam.Answer) error {
		size := 0
		for _, i := range left {
			size += ws[i].Size()
		}
		r.body = make([]byte, 0, size)
		for _, i := range left {
			r.body = appendChange(r.body, ws[i])
		}
		_, answer, err := c.send(ctx, r)
		if err != nil {
			return err
		}
		return readBulk(answer, left, a)
	})
}

// appendChange appends the lines of one change. They name no index.
func appendChange(b []byte, w search.Write) []byte {
	if w.Doc == nil {
		b = append(b, `{"delete":{"_id":`...)
	} else {
		b = append(b, `{"index":{"_id":`...)
	}
	b = appendString(b, w.ID)
	if w.Version != 0 {
		b = strconv.AppendInt(append(b, `,"version":`...), w.Version, 10)
		b = append(b, `,"version_type":"external_gte"`...)
	}
	b = append(b, "}}\n"...)
	if w.Doc != nil {
		b = append(appendDoc(b, w), '\n')
	}
	return b
}

// readBulk reads which of the changes that are left were made.
func readBulk(answer []byte, left []int, a *iam.Answer) error {
	var body struct {
		Errors *bool      `json:"errors"`
		Items  []struct { // one of the two
			Index  changed `json:"index"`
			Delete changed `json:"delete"`
		} `json:"items"`
	}
	if err := json.Unmarshal(answer, &body); err != nil || body.Errors == nil || len(body.Items) != len(left) {
		return errForeign
	}
	for i := range body.Items {
		result := &body.Items[i].Index
		if result.Status == 0 {
			result = &body.Items[i].Delete
		}
		switch {
		case result.Status == 0: // what became of it is not told
		case result.Error.Type == "":
			a.Done(left[i])
		default:
			e := &Error{Status: result.Status, Type: result.Error.Type}
			a.Failed(iam.Failed{Item: left[i], Code: e.Type, Message: e.Error(), Sender: e.Status/100 == 4})
		}
	}
	return nil
}

// changed is what became of one change.
type changed struct {
	Status int `json:"status"`
	Error  struct {
		Type string `json:"type"`
	} `json:"error"`
}

// Search implements [search.Conn].
func (c *conn) Search(ctx context.Context, q search.PageQuery) (page search.Page, err error) {
	r := request{method: http.MethodGet, path: "/_search", body: appendQuery(nil, q)}
	if c.spec.Service != search.Serverless && len(q.Sort) == 0 {
		// The same copy of the index answers all pages: scores differ between them.
		r.query = "preference=q" + strconv.FormatUint(preferenceOf(q.ID), 36)
	}
	err = c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) error {
		_, answer, err := c.send(ctx, r)
		if err != nil {
			if wrong, ok := errors.AsType[wrongError](err); ok && q.Raw != nil {
				return wrongError{wrong.answer, datastore.ErrInvalid}
			}
			return err
		}
		page, err = pageOf(answer)
		return err
	})
	return page, err
}

func preferenceOf(id string) (n uint64) {
	for i := range min(len(id), 8) {
		n = n<<8 | uint64(id[i])
	}
	return n
}
