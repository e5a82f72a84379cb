package valkeycache

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/valkey-io/valkey-go"
)

// sessions has the session of a cache, and makes another one when it is of no use
// any more.
type sessions struct {
	to    endpoint
	login login
	dial  func(ctx context.Context, addr string) (net.Conn, error)
	now   func() time.Time
	turn  chan struct{} // of looking after the session; one at a time

	mu      sync.Mutex
	current *session  // nil if there is none
	used    time.Time // when an operation last used it, by the wall clock
	refused bool      // user or password were: do not take those that were kept
}

func newSessions(to endpoint, login login, dial func(context.Context, string) (net.Conn, error), now func() time.Time) *sessions {
	return &sessions{to: to, login: login, dial: dial, now: now, turn: make(chan struct{}, 1)}
}

// The times after which a session is looked after: when it was not used, and, as
// ElastiCache ends connections of IAM users after 12 hours, when it is old.
const (
	idleTime = time.Second
	maxAge   = 11 * time.Hour
)

// acquire is a session for one request, which must be released. What it answers
// is unsent: no request was.
func (s *sessions) acquire(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if sess := s.take(true); sess != nil {
		return sess, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if sess := s.take(true); sess != nil { // another one looked after it
		return sess, nil
	}
	if sess := s.take(false); sess != nil {
		if !s.old(sess) && sess.alive(ctx, s.to.cluster) {
			s.touch()
			return sess, nil
		}
		s.release(sess, true)
	}
	return s.open(ctx)
}

// take is the current session, unless it should be looked after and recent asks
// for one that need not be.
func (s *sessions) take(recent bool) *session {
	now := s.now().Round(0) // the monotonic clock may stand still while a sandbox is frozen
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return nil
	}
	if recent {
		if idle := now.Sub(s.used); idle > idleTime || idle < 0 || s.oldAt(s.current, now) {
			return nil
		}
		if s.current.users == 0 && !s.current.quiet() {
			return nil
		}
		s.used = now
	}
	s.current.users++
	return s.current
}

func (s *sessions) old(sess *session) bool { return s.oldAt(sess, s.now().Round(0)) }

func (s *sessions) oldAt(sess *session, now time.Time) bool { return now.Sub(sess.opened) > maxAge }

func (s *sessions) touch() {
	now := s.now().Round(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = now
}

// release gives a session back. One that is dropped is not used again, and ends
// when nobody uses it any more.
func (s *sessions) release(sess *session, drop bool) {
	now := s.now().Round(0)
	s.mu.Lock()
	sess.users--
	if drop {
		sess.dropped = true
		if s.current == sess {
			s.current = nil
		}
	} else if s.current == sess {
		s.used = now
	}
	end := sess.dropped && sess.users == 0
	s.mu.Unlock()
	if end {
		sess.close()
	}
}

// refuse has the next session take user and password anew.
func (s *sessions) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = true
}

// open makes a session. If user or password are refused, they may have been
// rotated: it takes them anew, once.
func (s *sessions) open(ctx context.Context) (*session, error) {
	s.mu.Lock()
	fresh := s.refused
	s.mu.Unlock()
	sess, err := s.connect(ctx, fresh)
	if refusedLogin(err) && !fresh {
		sess, err = s.connect(ctx, true)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.used, s.refused = sess, sess.opened, false
	sess.users++
	return sess, nil
}

// The limits of one client: a function sends little at a time.
const (
	bufferBytes = 32 << 10
	ringScale   = 8 // 256 requests at the same time

	maxRedirections = 5
)

func (s *sessions) connect(ctx context.Context, fresh bool) (*session, error) {
	sess := &session{opened: s.now().Round(0), opening: ctx, conns: map[*tracked]struct{}{}}
	stop := context.AfterFunc(ctx, sess.cutAll)
	client, err := valkey.NewClient(valkey.ClientOption{
		InitAddress:       []string{s.to.addr},
		ForceSingleClient: !s.to.cluster,
		PipelineMultiplex: -1, // one connection
		DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return sess.dialIn(ctx, addr, s.dial)
		},
		AuthCredentialsFn: func(valkey.AuthCredentialsContext) (valkey.AuthCredentials, error) {
			ctx, cancel := context.WithTimeout(sess.context(), attemptLimit)
			defer cancel()
			user, password, err := s.login(ctx, fresh)
			if err != nil {
				err = &unsent{err}
			}
			return valkey.AuthCredentials{Username: user, Password: password}, err
		},
		// No pings in the background: a function is frozen there. KeepAlive is the
		// dialer's own.
		Dialer:              net.Dialer{Timeout: connectTimeout, KeepAlive: -1},
		ConnWriteTimeout:    attemptLimit,
		ReadBufferEachConn:  bufferBytes,
		WriteBufferEachConn: bufferBytes,
		RingScaleEachConn:   ringScale,
		ClusterOption:       valkey.ClusterOption{MaxMovedRedirections: maxRedirections},
		ClientSetInfo:       valkey.DisableClientSetInfo,
		DisableCache:        true,
		DisableRetry:        true,
	})
	stop()
	sess.mu.Lock()
	sess.opening = nil
	sess.mu.Unlock()
	if sess.client = client; err != nil {
		if client != nil {
			sess.close()
		}
		sess.cutAll()
		return nil, err
	}
	return sess, nil
}
