package event

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// LogBatch are log events of one log stream, as a subscription delivers them.
//
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
type LogBatch struct {
	Owner     string     `json:"owner"` // the account, 12 digits
	LogGroup  string     `json:"logGroup"`
	LogStream string     `json:"logStream"`
	Filters   []string   `json:"subscriptionFilters"` // by which it was chosen
	Events    []LogEvent `json:"logEvents"`           // in the order of their times
}

// LogEvent is one line of a log.
type LogEvent struct {
	ID        string `json:"id"`        // the same if it comes again
	Timestamp int64  `json:"timestamp"` // milliseconds since the epoch
	Message   string `json:"message"`
	// Fields that the filter pattern names, if it is one of columns.
	Fields map[string]string `json:"extractedFields,omitempty"`
}

// Time is the Timestamp.
func (e LogEvent) Time() time.Time { return time.UnixMilli(e.Timestamp).UTC() }

// Logs are the log events of a log group. [NewLogs] makes it.
type Logs struct{ feed datastore.Feed }

var (
	_ datastore.Source[LogBatch] = (*Logs)(nil)
	_ datastore.Source[LogBatch] = (*LogStream)(nil)
)

// LogsSpec says what a subscription to a log group is.
type LogsSpec struct {
	Logical string // the name in the program: "errors"
	Group   string // the name of the log group
	Pattern string // of the log events, "" for all
}

var _ datastore.Origin = LogsSpec{}

// Kind is "logs".
func (s LogsSpec) Kind() string { return "logs" }

// Name is the logical name.
func (s LogsSpec) Name() string { return s.Logical }

// Needs are none: it is the subscription that may invoke the function.
func (s LogsSpec) Needs([]string) []datastore.Need { return nil }

// The limits of log groups and filter patterns.
//
// See https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
const (
	maxLogGroup   = 512
	maxLogPattern = 1024
)

// Check finds what is wrong with the declaration.
func (s LogsSpec) Check() error {
	errs := []error{datastore.CheckName(s)}
	wrong := func(c rune) bool {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		return !letter && (c < '0' || c > '9') && !strings.ContainsRune("._-/#", c)
	}
	if s.Group == "" || len(s.Group) > maxLogGroup || strings.ContainsFunc(s.Group, wrong) {
		errs = append(errs, fmt.Errorf("the log group %q: write its name, up to %d letters, digits, '.', '_', '-', '/' or '#'", s.Group, maxLogGroup))
	}
	if n := utf8.RuneCountInString(s.Pattern); n > maxLogPattern || !utf8.ValidString(s.Pattern) || strings.Contains(s.Pattern, "${") {
		errs = append(errs, fmt.Errorf("the filter pattern: write up to %d characters of text, without ${", maxLogPattern))
	}
	return errors.Join(errs...)
}

// NewLogs declares a subscription to a log group that was made elsewhere, for the log
// events that match a filter pattern of CloudWatch Logs, "" for all:
//
//	errs := event.NewLogs("errors", "/ecs/shop", `{ $.level = "ERROR" }`)
//	tier.On(worker, errs, func(ctx context.Context, batch event.LogBatch) error { ... })
//
// A log group has at most two subscriptions. The function must not be one that writes
// to the group: each of its lines would start it again. Locally nothing is delivered.
//
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
func NewLogs(name, logGroup, pattern string) *Logs {
	return &Logs{datastore.Feed{
		Spec: LogsSpec{name, logGroup, pattern}, Service: "logs", Events: []string{logGroup}, Filter: pattern, Logs: true,
	}}
}

// Feed is the log events.
func (l *Logs) Feed() datastore.Feed { return l.feed }

// Decoder is none: a record is JSON of a [LogBatch].
func (l *Logs) Decoder() func(*datastore.Record, *LogBatch) error { return nil }

// LogStream are log events that subscriptions put into a stream. [LogsIn] makes it.
type LogStream struct{ feed datastore.Feed }

// LogsIn are the log events that subscriptions, which were made elsewhere, put into a
// stream:
//
//	tier.On(worker, event.LogsIn(stream.New[[]byte](data, "logs")), func(ctx context.Context, batch event.LogBatch) error { ... })
//
// Panics if source is nil.
//
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#DestinationKinesisExample
func LogsIn(source datastore.Source[[]byte]) *LogStream {
	feed := source.Feed()
	feed.Logs = true
	return &LogStream{feed}
}

// Feed is what is in the stream.
func (s *LogStream) Feed() datastore.Feed { return s.feed }

// Decoder is none: a record is JSON of a [LogBatch].
func (s *LogStream) Decoder() func(*datastore.Record, *LogBatch) error { return nil }
