package handler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// refusedCard has in its text what a log must not have.
type refusedCard struct {
	Number string `redact:"secret"`
}

func (e *refusedCard) Error() string { return "card " + e.Number + " was refused" }

// retold is an error that is told as another.
type retold struct{ error }

func (e retold) Told() error { return e.error }

// TestErrorTextRedacted: what a log is told of an error.
func TestErrorTextRedacted(t *testing.T) {
	t.Parallel()
	card := &refusedCard{"4111"}
	long := errors.New(strings.Repeat("ö", 9000))
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"any other", fmt.Errorf("pay: %w", io.ErrUnexpectedEOF), "pay: unexpected EOF"},
		{"itself", card, "text withheld for its redacted fields: *handler_test.refusedCard"},
		{"a cause", handler.Errorf(409, "no").Wrap(fmt.Errorf("pay: %w", card)), "text withheld for its redacted fields: *handler.Error > *handler_test.refusedCard"},
		{"one of several", errors.Join(io.EOF, card), "text withheld for its redacted fields: *handler_test.refusedCard"},
		{"a panic with an error", &handler.PanicError{Value: card}, "text withheld for its redacted fields: *handler.PanicError > *handler_test.refusedCard"},
		{"told as another", retold{card}, "text withheld for its redacted fields: *handler_test.refusedCard"},
		{"a nil pointer", (*refusedCard)(nil), "text withheld for its redacted fields: *handler_test.refusedCard"},
		{"one of too many", errors.Join(append(slices.Repeat([]error{io.EOF}, 99), card)...), "text withheld for its redacted fields: "},
		{"told as one of too many", retold{errors.Join(append(slices.Repeat([]error{io.EOF}, 98), card)...)}, "text withheld for its redacted fields: "},
		{"the last that is looked at", errors.Join(slices.Repeat([]error{io.EOF}, 99)...), strings.Repeat("EOF\n", 98) + "EOF"},
		{"long", long, strings.Repeat("ö", 8192) + "…"},
	} {
		if got := handler.ErrorText(tt.err); got != tt.want {
			t.Errorf("%s: %.200s, want %.200s", tt.name, got, tt.want)
		}
	}
}

// TestErrorTextHTTP: a server of net/http logs errors as a function does.
func TestErrorTextHTTP(t *testing.T) {
	t.Parallel()
	card := &refusedCard{"4111"}
	var log strings.Builder
	for _, h := range []handler.HandlerFunc{
		func(context.Context, *handler.Request) (*handler.Response, error) { return nil, card },
		func(context.Context, *handler.Request) (*handler.Response, error) { panic(card) },
	} {
		log.Reset()
		answer := httptest.NewRecorder()
		handler.ToHTTP(h, &handler.HTTPOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))}).ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
		if got := log.String(); answer.Code != 500 || strings.Contains(got, "4111") || !strings.Contains(got, "withheld") {
			t.Errorf("%d, log %s", answer.Code, got)
		}
	}
}
