package handler_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// A function that decodes makes all of In, whatever its tags and the content type
// say; In is validated as ever.
func TestDecode(t *testing.T) {
	t.Parallel()
	type in struct {
		ID    string `json:"id" query:"id" validate:"max=5"`
		Count int    `json:"count" validate:"min=1"`
	}
	sold := handler.Errorf(http.StatusConflict, "sold out")
	decode := func(_ context.Context, body []byte, v any) error {
		switch string(body) {
		case "refuse":
			return errors.New("hunter2")
		case "sold out":
			return sold
		}
		id, count, _ := strings.Cut(string(body), " ")
		*v.(*in) = in{ID: id, Count: len(count)}
		return nil
	}
	var got in
	op := handler.New(func(_ context.Context, v in) (none, error) { got = v; return none{}, nil }, handler.Decode(decode), handler.MaxBody(20))
	if err := op.Compile(nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		body   string
		status int
		answer string
		want   in
	}{
		{"abc ***", 204, "", in{"abc", 3}},
		{"abcdef *", 400, `"location":"body.id"`, in{}},
		{"", 400, `"location":"body.count"`, in{}},
		{"refuse", 400, "the body cannot be decoded", in{}},
		{"sold out", 409, "sold out", in{}},
		{strings.Repeat("x", 21), 413, "", in{}},
	} {
		got = in{}
		req := handlertest.Request("POST", "/?id=other", handlertest.Body("application/octet-stream", []byte(tt.body)), handlertest.Header("Content-Encoding", "zstd"))
		a, _ := handlertest.Do(t.Context(), op, req)
		if a.Status != tt.status || !strings.Contains(string(a.Body), tt.answer) || strings.Contains(string(a.Body), "hunter2") || got != tt.want {
			t.Errorf("%q: %d %s, In %+v; want %d %s, %+v", tt.body, a.Status, a.Body, got, tt.status, tt.answer, tt.want)
		}
	}
	d, err := op.Describe()
	if err != nil || len(d.Params) > 0 || d.Body == nil || len(d.Body.MediaTypes) != 1 || d.Body.MediaTypes[0] != "*/*" {
		t.Errorf("Describe() = %+v, %v; want a body of any type and no parameters", d, err)
	}
}
