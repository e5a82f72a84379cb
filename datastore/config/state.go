package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// state is what all handles of a configuration share: its connection and what is
// kept.
type state[T any] struct {
	*handle.State[Conn]
	keeping handle.Keeping
	kept    handle.Kept[*kept[T]]
	log     *slog.Logger
}

// kept is a document that was fetched.
type kept[T any] struct {
	raw   []byte
	value T
}

// newState declares the configuration.
func newState[T any](data *datastore.Data, spec Spec, initial T, opts *Options) *state[T] {
	s := &state[T]{log: opts.log()}
	s.keeping = handle.Keeping{Passing: survived, Stale: s.stale}
	var wrong, unfit error
	if opts != nil {
		s.keeping.MaxAge, s.keeping.MaxStale = opts.MaxAge, opts.MaxStale
	}
	wrong = s.keeping.Default(defaultMaxAge, defaultMaxStale)
	spec.MaxAge, spec.Existing = s.keeping.MaxAge, opts != nil && opts.Existing
	spec.Initial, unfit = initialOf(spec.Source, initial)
	var errs []error
	for _, err := range []error{wrong, unfit, spec.check()} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	s.State = handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenConfig(ctx, data, spec)
	}, errs...)
	s.keeping.Now = data.Now
	return s
}

// survived is every failure, by what was good: also one that says that the document is
// wrong or gone.
func survived(error) bool { return true }

func (s *state[T]) get(ctx context.Context, op handle.Op) (value T, err error) {
	err = s.Run(ctx, op, nil, func(ctx context.Context, conn Conn) error {
		if w, watches := conn.(Watcher); watches && w.Changed() {
			s.kept.Outdate()
		}
		k, err := s.kept.Get(ctx, &s.keeping, false, func(ctx context.Context) (*kept[T], error) {
			return s.fetch(ctx, conn)
		})
		if err == nil {
			value = k.value
		}
		return err
	})
	if errors.Is(err, datastore.ErrNotFound) {
		err = missing{err}
	}
	return value, err
}

// missing is that a configuration has no document. A client of the application has
// asked for something else, so it is not told that this was not found: the status is
// that of a service which was not set up.
type missing struct{ err error }

func (m missing) Error() string   { return m.err.Error() }
func (m missing) Unwrap() error   { return m.err }
func (m missing) StatusCode() int { return 500 }

// fetch asks the service. The document that is kept is not read again.
func (s *state[T]) fetch(ctx context.Context, conn Conn) (*kept[T], error) {
	doc, err := conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	if last, ok := s.kept.Last(); ok && bytes.Equal(last.raw, doc.Data) {
		return last, nil
	}
	k := &kept[T]{raw: doc.Data}
	if k.value, err = decode[T](doc.Data); err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrCorrupt, Err: err}
	}
	return k, nil
}

func (s *state[T]) stale(ctx context.Context, err error) {
	s.log.LogAttrs(ctx, slog.LevelWarn, "an older configuration is served", slog.String("store", "config "+s.Spec.Name()), slog.Any("error", err))
}

// decode reads a document.
func decode[T any](raw []byte) (v T, err error) {
	var none T
	if string(bytes.TrimSpace(raw)) == "null" {
		return none, errors.New("the document is null")
	}
	if err = json.Unmarshal(raw, &v); err != nil {
		return none, fmt.Errorf("the document does not fit %T: %w", none, err)
	}
	if err = validate(&v); err != nil {
		return none, fmt.Errorf("the document is not valid: %w", err)
	}
	return v, nil
}

// validator is what a type has that checks its documents.
type validator interface{ Validate() error }

func validate[T any](v *T) error {
	if checked, ok := any(v).(validator); ok {
		return checked.Validate()
	}
	if checked, ok := any(*v).(validator); ok { // T is a pointer
		return checked.Validate()
	}
	return nil
}

// initialOf is the document of a value. It must be read as one of the service is.
func initialOf[T any](source Source, value T) (string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("what the configuration begins with has no JSON: %w", err)
	}
	if _, err := decode[T](raw); err != nil {
		return "", fmt.Errorf("what the configuration begins with: %w", err)
	}
	if source == FeatureFlags {
		err = checkFlags(raw)
	}
	return string(raw), err
}

// checkFlags refuses what AppConfig would not take for feature flags, and what it would
// take and not give out.
//
// See https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-type-reference-feature-flags.html
// and https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-creating-multi-variant-feature-flags-procedures.html
func checkFlags(raw []byte) error {
	var doc struct {
		Version string                     `json:"version"`
		Flags   map[string]json.RawMessage `json:"flags"`
		Values  map[string]struct {
			Variants json.RawMessage `json:"_variants"`
		} `json:"values"`
	}
	if json.Unmarshal(raw, &doc) != nil || doc.Version == "" || doc.Flags == nil || doc.Values == nil {
		return errors.New(`what the configuration begins with is no document of feature flags; write {"version":"1","flags":{},"values":{}} with flags in it, ` +
			"or declare it config.AppConfig")
	}
	for name, value := range doc.Values {
		if value.Variants != nil {
			return fmt.Errorf("flag %q has variants, which AppConfig gives out to its agent alone; declare the configuration config.AppConfig, whose documents come whole", name)
		}
	}
	return nil
}
