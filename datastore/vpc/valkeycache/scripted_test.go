package valkeycache_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// scripted is a server that answers commands with what the test says.
type scripted struct {
	addr string

	mu       sync.Mutex
	answers  map[string][]string // by the command's first word, one after the other; the last one stays
	commands []string
	conns    int
}

func newScripted(t *testing.T, answers map[string][]string) *scripted {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	s := &scripted{addr: l.Addr().String(), answers: answers}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(t.Context(), func() { conn.Close() })
			running.Go(func() { defer stop(); s.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return s
}

func (s *scripted) serve(conn net.Conn) {
	defer conn.Close()
	s.mu.Lock()
	s.conns++
	s.mu.Unlock()
	r := bufio.NewReader(conn)
	for {
		args, err := command(r)
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, s.answer(args)); err != nil {
			return
		}
	}
}

// command reads an array of bulk strings.
func command(r *bufio.Reader) ([]string, error) {
	number := func(sign byte) (int, error) {
		line, err := r.ReadString('\n')
		if err != nil || line[0] != sign {
			return 0, errors.Join(err, io.ErrUnexpectedEOF)
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number('*')
	args := make([]string, 0, max(n, 0))
	for range n {
		size, err := number('$')
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, err
		}
		args = append(args, string(text[:size]))
	}
	return args, err
}

func (s *scripted) answer(args []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, strings.Join(args, " "))
	list := s.answers[args[0]]
	switch {
	case len(list) == 0 && args[0] == "HELLO":
		return "%1\r\n$5\r\nproto\r\n:3\r\n"
	case len(list) == 0:
		return "+OK\r\n"
	case len(list) > 1:
		s.answers[args[0]] = list[1:]
	}
	return list[0] + "\r\n"
}

// TestServerErrors: every error of a server is a sentinel, is repeated only where
// that helps, and does not tell what was sent.
func TestServerErrors(t *testing.T) {
	t.Parallel()
	const ok = ":1"
	for _, tt := range []struct {
		answer   string
		then     string // "" for the same once more
		want     error  // nil: it succeeds
		conns    int
		attempts int
	}{
		{"-LOADING secret is loading", ok, nil, 1, 2},
		{"-MASTERDOWN secret", ok, nil, 2, 2},
		{"-READONLY You can't write secret", ok, nil, 2, 2},
		{"-CLUSTERDOWN secret", ok, nil, 2, 2},
		{"-BUSY secret", ok, nil, 1, 2},
		{"-TRYAGAIN secret", ok, nil, 1, 2},
		{"-NOREPLICAS secret", ok, nil, 1, 2},
		{"-ERR max number of clients reached", ok, nil, 1, 2},
		{"-NOAUTH secret", ok, nil, 2, 2},
		{"-NOAUTH secret", "", datastore.ErrDenied, 2, 2},
		{"-OOM secret", "", datastore.ErrUnavailable, 1, 1},
		{"-MISCONF secret", "", datastore.ErrUnavailable, 1, 1},
		{"-NOPERM secret", "", datastore.ErrDenied, 1, 1},
		{"-WRONGTYPE secret", "", datastore.ErrCorrupt, 1, 1},
		{"-MOVED 5 secret:1", "", datastore.ErrDeclaration, 1, 1},
		{"-CROSSSLOT secret", "", datastore.ErrDeclaration, 1, 1},
		{"-ERR value is not an integer or out of range, secret", "", datastore.ErrCorrupt, 1, 1},
		{"-ERR increment or decrement would overflow secret", "", datastore.ErrTooLarge, 1, 1},
		{"-ERR unknown command 'X', with args beginning with: 'secret'", "", datastore.ErrDeclaration, 1, 1},
		{"-secret", "", datastore.ErrDeclaration, 1, 1},
		{"-", "", datastore.ErrDeclaration, 1, 1},
	} {
		t.Run(strings.TrimPrefix(tt.answer, "-"), func(t *testing.T) {
			t.Parallel()
			answers := []string{tt.answer}
			if tt.then != "" {
				answers = append(answers, tt.then)
			}
			s := newScripted(t, map[string][]string{"INCRBY": answers})
			_, err := use(onServer("redis://"+s.addr, "", nil)).Incr(t.Context(), "k", 1, 0)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error = %v, want %v", err, tt.want)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if sent := strings.Count(strings.Join(s.commands, "\n"), "INCRBY"); sent != tt.attempts || s.conns != tt.conns {
				t.Errorf("%d attempts on %d connections, want %d on %d", sent, s.conns, tt.attempts, tt.conns)
			}
			if err == nil {
				return
			}
			var e *datastore.Error
			var native *valkey.ValkeyError
			if !errors.As(err, &e) || e.Code == "" || e.Attempts != tt.attempts || !errors.As(err, &native) {
				t.Errorf("error = %#v, want one with a code, %d attempts and the client's own", err, tt.attempts)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells what the server said: %v", err)
			}
		})
	}
}

// TestRefusedOnOpening: a server that refuses a connection was sent nothing.
func TestRefusedOnOpening(t *testing.T) {
	t.Parallel()
	hello := "%1\r\n$5\r\nproto\r\n:3"
	for _, tt := range []struct {
		hello []string
		want  error
		conns int
	}{
		{[]string{"-LOADING secret", hello}, nil, 2},
		{[]string{"-WRONGPASS secret", hello}, nil, 2},
		{[]string{"-WRONGPASS secret"}, datastore.ErrDenied, 2},
		{[]string{"-NOPERM secret"}, datastore.ErrDenied, 1},
	} {
		s := newScripted(t, map[string][]string{"HELLO": tt.hello, "INCRBY": {":1"}})
		_, err := use(onServer("redis://u:secret@"+s.addr, "", nil)).Incr(t.Context(), "k", 1, 0)
		if !errors.Is(err, tt.want) || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("after %q: error = %v, want %v", tt.hello, err, tt.want)
		}
		s.mu.Lock()
		if s.conns != tt.conns {
			t.Errorf("after %q: %d connections, want %d", tt.hello, s.conns, tt.conns)
		}
		s.mu.Unlock()
	}
}

// TestWire: what is sent, and under which keys.
func TestWire(t *testing.T) {
	t.Parallel()
	s := newScripted(t, map[string][]string{"GET": {"$1\r\n5"}, "INCRBY": {":1"}, "MGET": {"*2\r\n$1\r\n5\r\n_"}})
	c := use(onServer("redis://"+s.addr, "shop", nil))
	ctx := t.Context()
	_, err := c.Get(ctx, "k")
	must(t, err)
	_, err = c.GetMany(ctx, []string{"k", "l"})
	must(t, err)
	must(t, c.Set(ctx, "k", 7, 1500*time.Microsecond))
	must(t, c.Set(ctx, "k", 7, 0))
	must(t, c.Add(ctx, "k", 7, time.Second))
	_, err = c.Incr(ctx, "k", -3, 0)
	must(t, err)
	want := []string{
		"HELLO 3", "GET shop:counters:v:k", "MGET shop:counters:v:k shop:counters:v:l",
		"SET shop:counters:v:k 7 PX 2", "SET shop:counters:v:k 7", "SET shop:counters:v:k 7 NX PX 1000", "INCRBY shop:counters:v:k -3",
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := fmt.Sprintf("%q", s.commands); got != fmt.Sprintf("%q", want) {
		t.Errorf("sent %s, want %q", got, want)
	}
}

// TestUnlockOnce: a lock that another holds by now is told, also if an attempt before
// came to nothing.
func TestUnlockOnce(t *testing.T) {
	t.Parallel()
	s := newScripted(t, map[string][]string{"EVAL": {":7", "-LOADING it is", ":0"}})
	lock, err := use(onServer("redis://"+s.addr, "", nil)).Lock(t.Context(), "k", time.Minute)
	must(t, err)
	wantError(t, "Unlock", lock.Unlock(t.Context()), datastore.ErrConflict)
}
