package datatest_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlitedb"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

type thing struct {
	ID   string `json:"id" table:"id,pk" search:"keyword"`
	Text string `json:"text" table:"text,index=byText.pk" search:"text"`
}

type (
	tablesAll interface {
		table.Getter[thing]
		table.ManyGetter[thing]
		table.Creator[thing]
		table.Putter[thing]
		table.Deleter[thing]
		table.Querier[thing]
		table.Updater[thing]
		table.ManyWriter[thing]
		table.Checker
		table.Transactor
		table.Scanner[thing]
	}
	ownersAll interface {
		table.Getter[thing]
		table.ManyGetter[thing]
		table.Creator[thing]
		table.Putter[thing]
		table.Deleter[thing]
		table.Querier[thing]
		table.Updater[thing]
		table.ManyWriter[thing]
		table.Checker
		table.Transactor
	}
	indexesAll interface {
		table.Querier[thing]
		table.Scanner[thing]
	}
	blobsAll interface {
		blob.Getter
		blob.Stater
		blob.Putter
		blob.Deleter
		blob.ManyDeleter
		blob.Lister
		blob.Copier
		blob.GetSigner
		blob.PutSigner
		blob.PostSigner
	}
	cachesAll interface {
		cache.Getter[thing]
		cache.ManyGetter[thing]
		cache.Setter[thing]
		cache.Adder[thing]
		cache.Deleter
		cache.Loader[thing]
		cache.Locker
	}
	callsAll interface {
		call.Caller[thing, thing]
		call.Starter[thing]
	}
	socketsAll interface {
		connection.Sender[thing]
		connection.Stater
		connection.Closer
	}
	peopleAll interface {
		identity.Getter
		identity.Lister
		identity.Creator
		identity.AttributeSetter
		identity.PasswordSetter
		identity.Enabler
		identity.Disabler
		identity.Grouper
		identity.GroupSetter
		identity.SignOuter
		identity.Deleter
	}
	keysAll interface {
		key.Encrypter
		key.Decrypter
		key.Sealer
		key.Opener
	}
	queuesAll interface {
		queue.Sender[thing]
		queue.ManySender[thing]
	}
	searchesAll interface {
		search.Indexer[thing]
		search.Getter[thing]
		search.Deleter
		search.Bulker[thing]
		search.Searcher[thing]
		search.Ensurer
	}
	secretsAll interface {
		secret.Getter[thing]
		secret.Fresher[thing]
		secret.Previous[thing]
		secret.Versioner
	}
	databasesAll interface {
		sqldb.Reader
		sqldb.Writer
		sqldb.Transactor
		sqldb.Owner
	}
	statements interface { // of a sqldb.DB, which has all of database/sql
		ExecContext(context.Context, string, ...any) (sql.Result, error)
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}
	streamsAll interface {
		stream.Writer[thing]
		stream.ManyWriter[thing]
	}
	topicsAll interface {
		topic.Publisher[thing]
		topic.ManyPublisher[thing]
	}
	warehousesAll interface {
		warehouse.Querier
		warehouse.QueryStarter
		warehouse.Runner
		warehouse.Starter
		warehouse.BatchRunner
		warehouse.Stater
		warehouse.Reader
		warehouse.Canceller
	}
)

// TestZeroArguments: nothing that an application gives an operation makes it panic:
// zero values, nil, empty lists, lists of nil and of zero values, each argument by
// itself and all together.
func TestZeroArguments(t *testing.T) {
	t.Parallel()
	sqlite := sqlitedb.Memory()
	t.Cleanup(func() { sqlite.Close() })
	data := datatest.New(t, datatest.With(sqlite))
	f := function{}
	things := table.New[thing](data, "things")
	files := blob.New(data, "files")
	main := datastore.Use[databasesAll](f, sqldb.New(data, "main", sqldb.Postgres, sqldb.Portable()))
	users := identity.New(data, "users")
	for name, h := range map[string]any{
		"table":              datastore.Use[tablesAll](f, things),
		"table, index":       datastore.Use[indexesAll](f, things.Via("byText")),
		"table, callers":     datastore.Use[table.Querier[thing]](f, things.PerCaller()),
		"table, tenants":     datastore.Use[ownersAll](f, things.PerTenant()),
		"index, tenants":     datastore.Use[table.Querier[thing]](f, things.Via("byText").PerTenant()),
		"blob, tenants":      datastore.Use[blobsAll](f, files.PerTenant().PerCaller()),
		"blob":               datastore.Use[blobsAll](f, files),
		"blob, prefix":       datastore.Use[blobsAll](f, files.Under("in/")),
		"cache":              datastore.Use[cachesAll](f, cache.New[thing](data, "things")),
		"cache, counter":     datastore.Use[cache.Counter](f, cache.New[int64](data, "counts")),
		"call":               datastore.Use[callsAll](f, call.New[thing, thing](data, "price")),
		"config":             datastore.Use[config.Reader[thing]](f, config.New(data, "limits", config.AppConfig, thing{}, nil)),
		"connection":         datastore.Use[socketsAll](f, connection.New[thing](data, "sockets")),
		"identity":           datastore.Use[peopleAll](f, users),
		"identity, exchange": datastore.Use[identity.Exchanger](f, identity.NewExchange(data, "visitors", users)),
		"key":                datastore.Use[keysAll](f, key.New(data, "pii", nil)),
		"queue":              datastore.Use[queuesAll](f, queue.New[thing](data, "jobs")),
		"queue, FIFO":        datastore.Use[queuesAll](f, queue.New[thing](data, "steps", queue.FIFO())),
		"search":             datastore.Use[searchesAll](f, search.New[thing](data, "things", search.Domain)),
		"secret":             datastore.Use[secretsAll](f, secret.New[thing](data, "token", secret.Manager, nil)),
		"service":            datastore.Use[service.Caller](f, service.New(data, "billing", nil)),
		"service, route":     datastore.Use[service.Caller](f, service.New(data, "catalog", nil).Route("GET /items/{id}")),
		"sqldb":              main,
		"sqldb, pool":        struct{ statements }{main.Write()},
		"stream":             datastore.Use[streamsAll](f, stream.New[thing](data, "clicks")),
		"topic":              datastore.Use[topicsAll](f, topic.New[thing](data, "news")),
		"topic, FIFO":        datastore.Use[topicsAll](f, topic.New[thing](data, "ledger", topic.FIFO())),
		"warehouse":          datastore.Use[warehousesAll](f, warehouse.New(data, "sales", warehouse.Serverless)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(datastore.WithTenant(datastore.WithCallerID(t.Context(), "a"), "a"), time.Minute)
			defer cancel()
			v := reflect.ValueOf(h)
			for i := range v.NumMethod() {
				m := v.Type().Method(i)
				for _, args := range argumentsOf(m.Name, v.Method(i).Type(), ctx) {

					unharmed(t, m.Name, v.Method(i), args)
				}
			}
		})
	}
}

// unharmed calls a method, and uses what it answers as far as that is a reader or a
// loop.
func unharmed(t *testing.T, name string, method reflect.Value, args []reflect.Value) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			var texts []string
			for _, a := range args[min(1, len(args)):] {
				texts = append(texts, fmt.Sprintf("%s(%.60v)", a.Type(), a))
			}
			stack := strings.Split(string(debug.Stack()), "\n")
			t.Errorf("%s with %s panics: %v\n%s", name, strings.Join(texts, ", "), r, strings.Join(stack[6:min(len(stack), 26)], "\n"))
		}
	}()
	var out []reflect.Value
	if method.Type().IsVariadic() {
		out = method.CallSlice(args)
	} else {
		out = method.Call(args)
	}
	if last := len(args) - 1; method.Type().IsVariadic() && args[last].Len() > 0 && args[last].Index(0).Kind() == reflect.Interface && args[last].Index(0).IsNil() && !anything(method.Type()) {
		if err, _ := out[len(out)-1].Interface().(error); err == nil {
			t.Errorf("%s with the option nil = nil, want an error", name)
		}
	}
	for _, o := range out {
		if reader, ok := o.Interface().(io.Reader); ok && !o.IsNil() {
			_, _ = io.ReadAll(reader)
		}
		if closer, ok := o.Interface().(io.Closer); ok && !o.IsNil() && o.Type() != reflect.TypeFor[*sqldb.DB]() {
			closer.Close() // rows and connections, of which there are few
		}
		if o.Kind() == reflect.Func && o.Type().CanSeq2() && !o.IsNil() {
			for range o.Seq2() {
			}
		}
	}
}

// anything reports whether the last arguments of f may be anything, as those of a
// statement.
func anything(f reflect.Type) bool { return f.In(f.NumIn()-1).Elem() == reflect.TypeFor[any]() }

// argumentsOf are lists of arguments for the function called name: all ordinary; all zero; and each
// one in turn as bad as it gets, in every way.
func argumentsOf(name string, f reflect.Type, ctx context.Context) (all [][]reflect.Value) {
	zeros := make([]reflect.Value, f.NumIn())
	for i := range f.NumIn() {
		zeros[i] = reflect.Zero(f.In(i))
		if f.In(i) == reflect.TypeFor[context.Context]() {
			zeros[i] = maker{ctx, ""}.ordinary(f.In(i), 0)
		}
	}
	all = append(all, zeros)
	for i := range f.NumIn() {
		if f.In(i) == reflect.TypeFor[context.Context]() {
			continue
		}
		for n, bad := range (maker{ctx, "a"}).badOnes(f.In(i)) {
			args := maker{ctx, fmt.Sprintf("%s-%d-%d", name, i, n)}.ordinaries(f) // of a key of its own, so that nothing is there
			args[i] = bad
			all = append(all, args)
		}
	}
	return append(all, maker{ctx, "a"}.ordinaries(f))
}

// maker makes values.
type maker struct {
	ctx  context.Context
	text string
}

func (m maker) ordinaries(f reflect.Type) []reflect.Value {
	args := make([]reflect.Value, f.NumIn())
	for i := range args {
		args[i] = m.ordinary(f.In(i), 0)
	}
	return args
}

// badOnes are the zero value, the empty one, and for what has parts one with each of
// them zero.
func (m maker) badOnes(t reflect.Type) (all []reflect.Value) {
	all = append(all, reflect.Zero(t))
	switch t.Kind() {
	case reflect.Slice:
		zero, twice := reflect.MakeSlice(t, 1, 1), reflect.MakeSlice(t, 2, 2)
		all = append(all, reflect.MakeSlice(t, 0, 0), zero)
		twice.Index(0).Set(m.ordinary(t.Elem(), 0))
		twice.Index(1).Set(m.ordinary(t.Elem(), 0))
		all = append(all, twice)
	case reflect.Map:
		zero := reflect.MakeMap(t)
		zero.SetMapIndex(reflect.Zero(t.Key()), reflect.Zero(t.Elem()))
		all = append(all, reflect.MakeMap(t), zero)
	case reflect.Pointer:
		all = append(all, reflect.New(t.Elem()))
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v := reflect.New(t).Elem()
				v.Set(m.ordinary(t, 0))
				v.Field(i).SetZero()
				all = append(all, v)
			}
		}
	case reflect.Int, reflect.Int64:
		all = append(all, reflect.ValueOf(int64(-1)).Convert(t), reflect.ValueOf(int64(-1<<63)).Convert(t), reflect.ValueOf(int64(1<<63-1)).Convert(t))
	}
	return all
}

// ordinary is a value that an operation may well be given.
func (m maker) ordinary(t reflect.Type, depth int) reflect.Value {
	v := reflect.New(t).Elem()
	switch t {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(&m.ctx).Elem()
	case reflect.TypeFor[io.Reader]():
		v.Set(reflect.ValueOf(strings.NewReader("text")))
		return v
	case reflect.TypeFor[table.Key]():
		return reflect.ValueOf(table.PK(m.text))
	case reflect.TypeFor[time.Duration]():
		return reflect.ValueOf(time.Minute)
	}
	switch {
	case depth > 4:
	case t.Kind() == reflect.String:
		v.SetString(m.text)
	case v.CanInt():
		v.SetInt(1)
	case t.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
		v.Index(0).Set(m.ordinary(t.Elem(), depth+1))
		if t.Elem().Kind() == reflect.Interface && t.Elem() != reflect.TypeFor[any]() {
			v.SetLen(0) // options
		}
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(m.ordinary(t.Field(i).Type, depth+1))
			}
		}
	case t.Kind() == reflect.Func:
		v.Set(reflect.MakeFunc(t, func([]reflect.Value) (results []reflect.Value) {
			for i := range t.NumOut() {
				results = append(results, reflect.Zero(t.Out(i)))
			}
			return results
		}))
	}
	return v
}

// TestZeroDeclarations: an option or a store that is nil is a mistake of the
// declaration, which names it, and no panic; nil options as a whole are the defaults.
func TestZeroDeclarations(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(*datastore.Data){
		"table":                func(d *datastore.Data) { table.New[thing](d, "a", nil) },
		"blob":                 func(d *datastore.Data) { blob.New(d, "a", nil) },
		"cache":                func(d *datastore.Data) { cache.New[thing](d, "a", nil) },
		"cache, no login":      func(d *datastore.Data) { cache.New[thing](d, "a", cache.WithLogin(nil)) },
		"cache, a nil login":   func(d *datastore.Data) { cache.New[thing](d, "a", cache.WithLogin((*secret.Login)(nil))) },
		"call":                 func(d *datastore.Data) { call.New[thing, thing](d, "a", nil) },
		"identity":             func(d *datastore.Data) { identity.New(d, "a", nil) },
		"exchange, no users":   func(d *datastore.Data) { identity.NewExchange(d, "a", nil) },
		"exchange, zero users": func(d *datastore.Data) { identity.NewExchange(d, "a", &identity.Directory{}) },
		"queue":                func(d *datastore.Data) { queue.New[thing](d, "a", nil) },
		"search, no service":   func(d *datastore.Data) { search.New[thing](d, "a", "") },
		"config, no source":    func(d *datastore.Data) { config.New(d, "a", 0, thing{}, nil) },
		"config, no flags":     func(d *datastore.Data) { config.New(d, "a", config.FeatureFlags, thing{}, nil) },
		"config, nil document": func(d *datastore.Data) { config.New[*thing](d, "a", config.AppConfig, nil, nil) },
		"secret, no source":    func(d *datastore.Data) { secret.New[thing](d, "a", 0, nil) },
		"sqldb":                func(d *datastore.Data) { sqldb.New(d, "a", sqldb.Postgres, nil) },
		"sqldb, no engine":     func(d *datastore.Data) { sqldb.New(d, "a", "") },
		"sqldb, no secrets":    func(d *datastore.Data) { sqldb.New(d, "a", sqldb.Postgres, sqldb.Secret(nil, nil)) },
		"sqldb, nil secrets": func(d *datastore.Data) {
			sqldb.New(d, "a", sqldb.Postgres, sqldb.Secret((*secret.Login)(nil), &secret.Login{}))
		},
		"stream":    func(d *datastore.Data) { stream.New[thing](d, "a", nil) },
		"topic":     func(d *datastore.Data) { topic.New[thing](d, "a", nil) },
		"warehouse": func(d *datastore.Data) { warehouse.New(d, "a", warehouse.Serverless, nil) },
		"warehouse, nil secrets": func(d *datastore.Data) {
			warehouse.New(d, "a", warehouse.Serverless, warehouse.Secret((*secret.Login)(nil), &secret.Login{}))
		},
		"warehouse, no product": func(d *datastore.Data) { warehouse.New(d, "a", "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("panics: %v\n%s", r, debug.Stack())
				}
			}()
			data := datastore.New(nil, nil)
			declare(data)
			if errs := data.Errs(); len(errs) == 0 || !strings.Contains(errs[0].Error(), "zero_test.go") {
				t.Errorf("Errs = %v, want a mistake on a line of this file", errs)
			}
		})
	}
	data := datastore.New(nil, nil)
	key.New(data, "a", nil)
	config.New(data, "e", config.Parameter, thing{}, nil)
	secret.New[thing](data, "b", secret.Manager, nil)
	secret.NewLogin(data, "c", nil)
	service.New(data, "d", nil)
	if errs := data.Errs(); errs != nil {
		t.Errorf("without options: %v, want no mistake", errs)
	}
}

// TestZeroStores: a store that no constructor has made cannot be granted, and Use says
// so on its line.
func TestZeroStores(t *testing.T) {
	t.Parallel()
	f := function{}
	for name, use := range map[string]func(){
		"table":      func() { datastore.Use[tablesAll](f, &table.Table[thing]{}) },
		"own":        func() { datastore.Use[table.Querier[thing]](f, &table.Own[thing]{}) },
		"view":       func() { datastore.Use[indexesAll](f, &table.View[thing]{}) },
		"blob":       func() { datastore.Use[blobsAll](f, &blob.Bucket{}) },
		"cache":      func() { datastore.Use[cachesAll](f, &cache.Cache[thing]{}) },
		"call":       func() { datastore.Use[callsAll](f, &call.Function[thing, thing]{}) },
		"config":     func() { datastore.Use[config.Reader[thing]](f, &config.Config[thing]{}) },
		"connection": func() { datastore.Use[socketsAll](f, &connection.Connections[thing]{}) },
		"identity":   func() { datastore.Use[peopleAll](f, &identity.Directory{}) },
		"exchange":   func() { datastore.Use[identity.Exchanger](f, &identity.Exchange{}) },
		"key":        func() { datastore.Use[keysAll](f, &key.Key{}) },
		"queue":      func() { datastore.Use[queuesAll](f, &queue.Queue[thing]{}) },
		"search":     func() { datastore.Use[searchesAll](f, &search.Index[thing]{}) },
		"secret":     func() { datastore.Use[secretsAll](f, &secret.Secret[thing]{}) },
		"service":    func() { datastore.Use[service.Caller](f, &service.Service{}) },
		"sqldb":      func() { datastore.Use[databasesAll](f, &sqldb.Database{}) },
		"stream":     func() { datastore.Use[streamsAll](f, &stream.Stream[thing]{}) },
		"topic":      func() { datastore.Use[topicsAll](f, &topic.Topic[thing]{}) },
		"warehouse":  func() { datastore.Use[warehousesAll](f, &warehouse.Warehouse{}) },
		"nil":        func() { datastore.Use[tablesAll](f, nil) },
		"a nil one":  func() { datastore.Use[tablesAll](f, (*table.Table[thing])(nil)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				r := recover()
				mistake, ok := r.(*datastore.DeclarationError)
				if !ok || !strings.Contains(mistake.Error(), "zero_test.go") || !strings.Contains(mistake.Error(), "the store is nil") {
					t.Errorf("Use panics with %v, want a mistake on a line of this file", r)
				}
			}()
			use()
		})
	}
}
