package datatest_test

import (
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
)

// TestConfig: a document is set, and fetching it fails.
func TestConfig(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	limit := datastore.Use[config.Reader[int]](function{}, config.New(data, "limit", config.AppConfig, 60, nil))
	datatest.SetConfig(t, data, "limit", 7)
	datatest.Fail(t, data, datatest.Fault{Store: "config limit", Op: "Read", Err: datastore.ErrThrottled})
	if _, err := limit.Get(t.Context()); !errors.Is(err, datastore.ErrThrottled) {
		t.Errorf("Get: error = %v, want %v", err, datastore.ErrThrottled)
	}
	if got, err := limit.Get(t.Context()); err != nil || got != 7 {
		t.Errorf("Get = %d, %v, want 7", got, err)
	}
}
