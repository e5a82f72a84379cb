package lambda

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// delivery is one record on its way to its handler: a request whose body is the
// record's data.
type delivery struct {
	record     datastore.Record
	invocation string
	json       string // the record as it stands in the event
	source     *source
	item       span       // by which its failure is reported, of a batch
	happened   string     // to an object of a bucket, the detail-type of an event, the log group, or the topic of Kafka; else ""
	named      string     // the name of the schedule, if the event says it; else ""
	logged     bool       // a middleware has logged why it failed
	parts      *aggregate // what the record is made of, nil if it is one
	answer     []byte     // what the handler left, for those who asked
	data       span       // of a record of Firehose, in base64
}

var (
	_ handler.Event      = (*delivery)(nil)
	_ handler.Identified = (*delivery)(nil)
)

// Line is made up: "RECORD /queue/jobs".
func (r *delivery) Line() (method, path, rawQuery string) { return "RECORD", r.source.path, "" }

func (r *delivery) Values(string) []string { return nil }

func (r *delivery) Header() http.Header { return http.Header{} }

func (r *delivery) Body() ([]byte, error) {
	if len(r.record.Data) == 0 {
		return nil, nil
	}
	return r.record.Data, nil
}

func (r *delivery) Facts() handler.Facts {
	return handler.Facts{FrontDoor: r.record.Service, ID: r.ID(), Invocation: r.invocation, Time: r.record.SentAt}
}

// ID is that of the record, or else of the invocation.
func (r *delivery) ID() string {
	if r.record.ID != "" {
		return r.record.ID
	}
	return r.invocation
}

// FrontDoor is the service that delivered the record.
func (r *delivery) FrontDoor() string { return r.record.Service }

// Caller: services deliver records for nobody.
func (r *delivery) Caller() handler.Caller { return handler.Caller{} }

// work has the record's handler called. The error is why the record failed.
func (r *delivery) work(ctx context.Context) (err error) {
	return r.call(datastore.WithRecord(ctx, &r.record), r.source.Handler, r)
}

// call has a handler called, with r as the request e.
func (r *delivery) call(ctx context.Context, h handler.Handler, e handler.Event) (err error) {
	req := handler.NewRequest(e)
	defer func() { r.logged = req.IsLogged() }()
	defer recovered(&err)
	resp, err := h.Handle(ctx, req)
	if resp == nil {
		if err == nil {
			err = errors.New("the handler returned neither a response nor an error")
		}
		return err
	}
	if err == nil && resp.Stream != nil {
		err = resp.Stream(ctx, io.Discard) // it may be what does the work
	}
	resp.Done(err)
	switch {
	case err != nil:
		return err
	case resp.Err != nil:
		return resp.Err
	case resp.StatusCode() >= http.StatusBadRequest:
		return &handler.Error{Status: resp.StatusCode()}
	}
	if r.source.Feed.Asks != "" {
		return r.answered(resp.Body)
	}
	return nil
}

// unquoted is the text of a string as bytes of its own.
func (e *event) unquoted(v span) []byte {
	return appendUnescaped(nil, e.payload[v.from+1:v.to-1])
}

// decoded is the bytes of a string in base64.
func (e *event) decoded(v span) ([]byte, error) {
	text := e.text(v)
	data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(data, []byte(text))
	return data[:n], err
}

// count is the number in a string, 0 for everything else.
func (e *event) count(v span) int {
	n, err := strconv.Atoi(e.text(v))
	if err != nil {
		return 0
	}
	return n
}

// millis is a time in milliseconds since the epoch.
func (e *event) millis(v span) time.Time {
	text, _ := e.scalar(v)
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// seconds is a time in seconds since the epoch, which may have a fraction. It is
// known to the millisecond.
func (e *event) seconds(v span) time.Time {
	text, _ := e.scalar(v)
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || s < 0 || s > 1<<40 {
		return time.Time{}
	}
	return time.UnixMilli(int64(math.Round(s * 1000))).UTC()
}

// instant is a time of RFC 3339.
func (e *event) instant(v span) time.Time {
	t, err := time.Parse(time.RFC3339Nano, e.text(v))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// attribute is an attribute of a message. The value of a binary one is its bytes;
// AWS's own samples have some that are not base64, which are left as they are.
func (e *event) attribute(name, kind string, value span) datastore.Attribute {
	a := datastore.Attribute{Name: name, Type: datastore.AttributeType(kind), Value: e.text(value)}
	if isBinary(kind) {
		if data, err := e.decoded(value); err == nil {
			a.Value = string(data)
		}
	}
	return a
}

// isBinary reports whether a type is Binary, alone or with a label ("Binary.png").
func isBinary(kind string) bool {
	const binary = string(datastore.AttributeBinary)
	return kind == binary || len(kind) > len(binary) && kind[:len(binary)+1] == binary+"."
}
