package config

import (
	"log/slog"
	"time"
)

// Options configures [New]. The zero value of each field is usable.
type Options struct {
	// MaxAge is how long a document is kept before the next Get fetches it again, and
	// so how late a change is seen. 0 means 45 seconds; less than 0 asks the service
	// each time. AppConfig answers anew every 15 seconds at most.
	MaxAge time.Duration
	// MaxStale is how old a document may get that is served because no newer one is to
	// be had. 0 means a day; less than 0 serves none after MaxAge.
	MaxStale time.Duration
	// Existing says that the configuration is made elsewhere: the template has
	// parameters for its ids, or its name, in place of resources.
	Existing bool
	// Log is told why an older document is served. Default slog.Default().
	Log *slog.Logger
}

const (
	defaultMaxAge   = 45 * time.Second
	defaultMaxStale = 24 * time.Hour
)

func (o *Options) log() *slog.Logger {
	if o == nil || o.Log == nil {
		return slog.Default()
	}
	return o.Log
}
