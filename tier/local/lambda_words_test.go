package local_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestFunctionErrorWords: the log tells a function error as people read it.
func TestFunctionErrorWords(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	g := newGateway(t, declare(t, "GET /a"), &local.Options{Log: slog.New(slog.NewTextHandler(&log, nil))},
		func(context.Context, []byte) ([]byte, error) {
			return nil, messages.InvokeResponse_Error{Type: "Bad Request", Message: "body.id is required"}
		})
	g.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/a", nil))
	if want := "Bad Request: body.id is required"; !strings.Contains(log.String(), want) || strings.Contains(log.String(), "StackTrace") {
		t.Errorf("log %s, want %q and no Go source", log.String(), want)
	}
}
