package key_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filekey"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	key.Encrypter
	key.Decrypter
	key.Sealer
	key.Opener
}

// counting counts the calls of a driver, which may be slow and may fail.
type counting struct {
	*filekey.Driver
	delay           time.Duration
	made, decrypted atomic.Int64
	err             error // of GenerateDataKey
	most            int64 // of data keys that are made before errEnough; 0 for any number
}

var errEnough = errors.New("more data keys than there are values")

func (c *counting) OpenKey(ctx context.Context, data *datastore.Data, spec key.Spec) (key.Conn, error) {
	conn, err := c.Driver.OpenKey(ctx, data, spec)
	return &countingConn{conn, c}, err
}

type countingConn struct {
	key.Conn
	c *counting
}

func (c *countingConn) Decrypt(ctx context.Context, ciphertext []byte, bound key.Context) ([]byte, error) {
	c.c.decrypted.Add(1)
	time.Sleep(c.c.delay)
	return c.Conn.Decrypt(ctx, ciphertext, bound)
}

func (c *countingConn) GenerateDataKey(ctx context.Context, bound key.Context) (key.DataKey, error) {
	if made := c.c.made.Add(1); c.c.most > 0 && made > c.c.most {
		return key.DataKey{}, errEnough
	}
	time.Sleep(c.c.delay)
	if c.c.err != nil {
		return key.DataKey{}, c.c.err
	}
	return c.Conn.GenerateDataKey(ctx, bound)
}

func open(driver datastore.Driver, now func() time.Time, opts *key.Options) all {
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Now: now})
	return datastore.Use[all](function("f"), key.New(data, "pii", opts))
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

// TestDataKeys: how many calls seal and open many values.
func TestDataKeys(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts            *key.Options
		every           time.Duration // passes after each value is sealed, and again when each is opened
		made, decrypted int64         // for 10 values
	}{
		"at once":       {nil, 0, 1, 1},
		"in 9 minutes":  {nil, time.Minute, 2, 2},
		"in 10 hours":   {nil, time.Hour, 10, 10},
		"3 uses":        {&key.Options{MaxUses: 3}, 0, 4, 4},
		"a minute each": {&key.Options{MaxAge: time.Minute}, 20 * time.Second, 4, 4},
		"none kept":     {&key.Options{MaxAge: -1}, 0, 10, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, clock := &counting{Driver: filekey.Memory()}, newClock()
			pii := open(c, clock.now, tt.opts)
			var sealed [][]byte
			for i := range 10 {
				one, err := pii.Seal(t.Context(), []byte{byte(i)}, nil)
				if err != nil {
					t.Fatal(err)
				}
				sealed = append(sealed, one)
				clock.at = clock.at.Add(tt.every)
			}
			for i, one := range sealed {
				if got, err := pii.Open(t.Context(), one, nil); err != nil || !bytes.Equal(got, []byte{byte(i)}) {
					t.Errorf("Open of value %d = %v, %v", i, got, err)
				}
				clock.at = clock.at.Add(tt.every)
			}
			if made, decrypted := c.made.Load(), c.decrypted.Load(); made != tt.made || decrypted != tt.decrypted {
				t.Errorf("%d data keys made and %d decrypted, want %d and %d", made, decrypted, tt.made, tt.decrypted)
			}
		})
	}
}

// TestClockSetBack: a data key of the future is not used.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	c, clock := &counting{Driver: filekey.Memory()}, newClock()
	pii := open(c, clock.now, nil)
	for range 2 {
		if _, err := pii.Seal(t.Context(), nil, nil); err != nil {
			t.Fatal(err)
		}
		clock.at = clock.at.Add(-time.Hour)
	}
	if c.made.Load() != 2 {
		t.Errorf("%d data keys were made, want 2", c.made.Load())
	}
}

// TestTinyAge: a data key that is too old as soon as it is there serves those it was
// made for, so that as many are made as there are values, and no more.
func TestTinyAge(t *testing.T) {
	t.Parallel()
	const values = 40
	for name, opts := range map[string]*key.Options{
		"a nanosecond":           {MaxAge: 1},
		"a nanosecond and 1 use": {MaxAge: 1, MaxUses: 1},
		"5 minutes and 1 use":    {MaxUses: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &counting{Driver: filekey.Memory(), most: values}
			var reads atomic.Int64
			pii := open(c, func() time.Time { return newClock().at.Add(time.Duration(reads.Add(1)) * time.Millisecond) }, opts)
			var wait sync.WaitGroup
			for i := range values {
				wait.Go(func() {
					sealed, err := pii.Seal(t.Context(), []byte{byte(i)}, nil)
					if err != nil {
						t.Errorf("Seal: %v", err)
						return
					}
					if got, err := pii.Open(t.Context(), sealed, nil); err != nil || !bytes.Equal(got, []byte{byte(i)}) {
						t.Errorf("Open = %v, %v, want %d", got, err, i)
					}
				})
			}
			wait.Wait()
		})
	}
}

// TestManyOpened: of more data keys than are kept, those that were used last are.
func TestManyOpened(t *testing.T) {
	t.Parallel()
	c, clock := &counting{Driver: filekey.Memory()}, newClock()
	pii := open(c, clock.now, &key.Options{MaxUses: 1, MaxAge: time.Hour})
	var sealed [][]byte
	for range 101 {
		one, err := pii.Seal(t.Context(), []byte("x"), nil)
		if err != nil {
			t.Fatal(err)
		}
		sealed = append(sealed, one)
	}
	check := func(i int, want int64) {
		t.Helper()
		clock.at = clock.at.Add(time.Second)
		before := c.decrypted.Load()
		if _, err := pii.Open(t.Context(), sealed[i], nil); err != nil || c.decrypted.Load()-before != want {
			t.Errorf("Open of value %d: %v with %d calls, want %d", i, err, c.decrypted.Load()-before, want)
		}
	}
	for i := range 100 {
		check(i, 1)
	}
	check(0, 0)
	check(100, 1) // in place of the second
	check(0, 0)
	check(1, 1)
}

// TestOneCall: values at the same time cost one call.
func TestOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &counting{Driver: filekey.Memory(), delay: time.Second}
		pii := open(c, time.Now, nil)
		sealed := make([][]byte, 100)
		var calls sync.WaitGroup
		for i := range sealed {
			calls.Go(func() {
				var err error
				if sealed[i], err = pii.Seal(t.Context(), []byte("x"), nil); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		for i := range sealed {
			calls.Go(func() {
				if _, err := pii.Open(t.Context(), sealed[i], nil); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		if made, decrypted := c.made.Load(), c.decrypted.Load(); made != 1 || decrypted != 1 {
			t.Errorf("%d data keys made and %d decrypted, want 1 and 1", made, decrypted)
		}
	})
}

// TestMaxUses: at the same time too, no data key seals more than it may.
func TestMaxUses(t *testing.T) {
	t.Parallel()
	c := &counting{Driver: filekey.Memory()}
	pii := open(c, newClock().now, &key.Options{MaxUses: 7})
	var mu sync.Mutex
	uses := map[string]int{}
	var calls sync.WaitGroup
	for range 100 {
		calls.Go(func() {
			sealed, err := pii.Seal(t.Context(), []byte("x"), nil)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			uses[string(sealed[3:3+binary.BigEndian.Uint16(sealed[1:])])]++
		})
	}
	calls.Wait()
	for _, n := range uses {
		if n > 7 {
			t.Errorf("a data key sealed %d values, want 7 at most", n)
		}
	}
}

// TestFormat: what Seal makes is what the package says, read here without it.
func TestFormat(t *testing.T) {
	t.Parallel()
	driver := filekey.Memory()
	data := datastore.New([]datastore.Driver{driver}, nil)
	pii := datastore.Use[all](function("f"), key.New(data, "pii", nil))
	sealed, err := pii.Seal(t.Context(), []byte("1 Main Street"), key.Context{"b": "2", "a": "11"})
	if err != nil {
		t.Fatal(err)
	}
	length := int(binary.BigEndian.Uint16(sealed[1:3]))
	if sealed[0] != 1 || len(sealed) != 3+length+12+len("1 Main Street")+16 {
		t.Fatalf("sealed = %x", sealed)
	}
	conn, err := driver.OpenKey(t.Context(), data, key.Spec{Logical: "pii"})
	if err != nil {
		t.Fatal(err)
	}
	dataKey, err := conn.Decrypt(t.Context(), sealed[3:3+length], key.Context{"tierkit:envelope": "1"})
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(dataKey)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	beside := append(bytes.Clone(sealed[:3+length]), "\x00\x00\x00\x01a\x00\x00\x00\x0211\x00\x00\x00\x01b\x00\x00\x00\x012"...)
	got, err := gcm.Open(nil, sealed[3+length:3+length+12], sealed[3+length+12:], beside)
	if err != nil || string(got) != "1 Main Street" {
		t.Errorf("opened by the description = %q, %v", got, err)
	}
}

// FuzzOpen: nothing is opened that was not sealed, whatever it is, and nothing is
// asked about what has not the form.
func FuzzOpen(f *testing.F) {
	pii := open(filekey.Memory(), newClock().now, nil)
	sealed, err := pii.Seal(f.Context(), []byte("hunter2"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:len(sealed)-1])
	f.Add([]byte{1, 0, 0})
	f.Add([]byte{1, 0xff, 0xff, 0})
	f.Add(append([]byte{1, 0, 1, 1}, make([]byte, 28)...))
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := pii.Open(t.Context(), data, nil)
		if bytes.Equal(data, sealed) {
			if err != nil || string(got) != "hunter2" {
				t.Errorf("Open of what was sealed = %q, %v", got, err)
			}
			return
		}
		if !errors.Is(err, datastore.ErrCorrupt) || got != nil {
			t.Errorf("Open(%x) = %q, %v, want %v", data, got, err, datastore.ErrCorrupt)
		}
	})
}

// TestGranted: only what the interface names can be done.
func TestGranted(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filekey.Memory()}, nil)
	pii := datastore.Use[key.Sealer](function("f"), key.New(data, "pii", nil))
	opener, ok := pii.(key.Opener)
	if !ok {
		t.Fatal("a handle does not implement all capabilities")
	}
	if _, err := opener.Open(t.Context(), nil, nil); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Open without its grant: error = %v, want %v", err, datastore.ErrDenied)
	}
}

// TestFailures: an error gets its store and operation, and the next call tries again.
func TestFailures(t *testing.T) {
	t.Parallel()
	c := &counting{Driver: filekey.Memory(), err: &datastore.Error{Kind: datastore.ErrThrottled, Code: "ThrottlingException"}}
	pii := open(c, newClock().now, nil)
	_, err := pii.Seal(t.Context(), []byte("hunter2"), nil)
	e, ok := errors.AsType[*datastore.Error](err)
	if !ok || e.Kind != datastore.ErrThrottled || e.Store != "key pii" || e.Op != "seal" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Seal: error = %v, want %v of key pii", err, datastore.ErrThrottled)
	}
	c.err = nil
	if _, err := pii.Seal(t.Context(), nil, nil); err != nil {
		t.Errorf("Seal afterwards: %v", err)
	}
	data := datastore.New(nil, nil)
	key.New(data, "pii", &key.Options{MaxUses: -1})
	if errs := data.Errs(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "MaxUses") {
		t.Errorf("Errs = %v, want one about MaxUses", errs)
	}
	if text := fmt.Sprintf("%v %+v %#v", key.DataKey{Plain: []byte("hunter2")}, pii, pii); strings.Contains(text, "hunter2") || strings.Contains(text, "104") {
		t.Errorf("a data key shows itself: %s", text)
	}
}

// TestNeeds: each way has its own action and condition.
func TestNeeds(t *testing.T) {
	t.Parallel()
	need := func(action, operator, name, value string) datastore.Need {
		return datastore.Need{Service: "kms", Actions: []string{action}, Resource: "key/{name}",
			Conditions: []datastore.Condition{{Operator: operator, Key: "kms:" + name, Values: []string{value}}}}
	}
	const envelope = "EncryptionContext:tierkit:envelope"
	k := key.New(datastore.New(nil, nil), "pii", nil)
	via := need("Decrypt", "StringLike", "ViaService", "s3.*.amazonaws.com*")
	both := via
	both.Actions = []string{"Decrypt", "GenerateDataKey"}
	for _, tt := range []struct {
		spec datastore.Spec
		ops  []string
		want []datastore.Need
	}{
		{k.Spec(), []string{"Seal"}, []datastore.Need{need("GenerateDataKey", "StringEquals", envelope, "1")}},
		{k.Spec(), []string{"Open"}, []datastore.Need{need("Decrypt", "StringEquals", envelope, "1")}},
		{k.Spec(), []string{"Encrypt", "Decrypt"}, []datastore.Need{need("Decrypt", "Null", envelope, "true"), need("Encrypt", "Null", envelope, "true")}},
		{k.Spec(), []string{"Else"}, nil},
		{k.Via("s3"), []string{"Decrypt"}, []datastore.Need{via}},
		{k.Via("s3"), []string{"GenerateDataKey", "Decrypt"}, []datastore.Need{both}},
		{k.Via("s3"), []string{"Seal"}, nil},
	} {
		if d := cmp.Diff(tt.want, tt.spec.Needs(tt.ops)); d != "" {
			t.Errorf("Needs(%q) of %v (-want +got):\n%s", tt.ops, tt.spec, d)
		}
	}
	if !datastore.Same(k.Spec(), k.Via("s3")) {
		t.Error("the key in a scope is another store")
	}
}

func BenchmarkSeal(b *testing.B) {
	pii := open(filekey.Memory(), nil, nil)
	plaintext := make([]byte, 1024)
	bound := key.Context{"customer": "c1"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pii.Seal(b.Context(), plaintext, bound); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	pii := open(filekey.Memory(), nil, nil)
	bound := key.Context{"customer": "c1"}
	sealed, err := pii.Seal(b.Context(), make([]byte, 1024), bound)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pii.Open(b.Context(), sealed, bound); err != nil {
			b.Fatal(err)
		}
	}
}
