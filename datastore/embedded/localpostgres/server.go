package localpostgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// port is a part of the socket's name, and nothing else.
const port = 5432

// startLimit is how long the server may take until it answers.
const startLimit = 30 * time.Second

// server is a PostgreSQL of this process.
type server struct {
	dir    string // absolute
	socket string // the folder of the socket
	cmd    *exec.Cmd
	pipe   io.Closer     // the server ends with it
	ended  chan struct{} // closed when it has
}

// watch runs the server and ends it when the pipe on its input does, be it that
// the program has closed it or that it is no more. The server, which is asked by
// SIGINT not to wait for its clients, is the shell's own child: runuser is not
// between the two.
const watch = `exec 3<&0; "$@" </dev/null 3<&- & pid=$!; (cat <&3 >/dev/null; kill -INT $pid 2>/dev/null) & wait $pid`

// start makes the folder, if it is not there, and starts the server in it.
func start(ctx context.Context, dir string) (*server, error) {
	dir, err := filepath.Abs(filepath.Join(dir, "postgres"))
	if err != nil {
		return nil, err
	}
	bin, err := programs(os.Getenv, filepath.Glob)
	if err != nil {
		return nil, err
	}
	// The name of a socket has at most some hundred bytes: not below dir.
	socket, err := os.MkdirTemp("", "tierkit-pg")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, socket: socket, ended: make(chan struct{})}
	if err := s.run(ctx, bin); err != nil {
		return nil, errors.Join(err, os.RemoveAll(socket))
	}
	if err := s.wait(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL in %s: %w%s", dir, err, s.log()), s.stop())
	}
	return s, nil
}

func (s *server) run(ctx context.Context, bin string) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := letThrough(filepath.Dir(s.dir)); err != nil {
		return err
	}
	for _, folder := range []string{s.dir, s.socket} {
		if err := give(folder); err != nil {
			return err
		}
	}
	if err := s.initialise(ctx, bin); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "server.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := as([]string{"sh", "-c", watch, "sh",
		filepath.Join(bin, "postgres"), "-D", s.data(), "-k", s.socket, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "synchronous_commit=off"})
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = "/", log, log
	if s.pipe, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = s.cmd.Wait() // that it ended is told by ended, and why by its log
		close(s.ended)
	}()
	return nil
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

// initialise makes the cluster, as a whole or not at all.
func (s *server) initialise(ctx context.Context, bin string) error {
	if _, err := os.Stat(filepath.Join(s.data(), "PG_VERSION")); err == nil {
		return nil
	}
	made := filepath.Join(s.dir, "new")
	if err := os.RemoveAll(made); err != nil {
		return err
	}
	args := as([]string{filepath.Join(bin, "initdb"), "-D", made, "-U", owner, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"})
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb in %s: %w: %s", s.dir, err, lastLine(out))
	}
	return os.Rename(made, s.data())
}

// wait until the server answers.
func (s *server) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		session, err := s.connector("postgres").Connect(ctx, sqldb.Ownership)
		if err == nil {
			return session.Conn.Close()
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-s.ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return err
		}
	}
}

// log is the last line of what the server said, for an error.
func (s *server) log() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "server.log"))
	if err != nil || len(b) == 0 {
		return ""
	}
	return ": " + lastLine(b)
}

// stop ends the server and waits until it has ended.
func (s *server) stop() error {
	err := s.pipe.Close()
	if errors.Is(err, os.ErrClosed) { // by the end of the server
		err = nil
	}
	<-s.ended
	return errors.Join(err, os.RemoveAll(s.socket))
}

func lastLine(b []byte) string {
	text := strings.TrimSpace(string(b))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// programs is the folder of initdb and postgres; of several versions the latest.
func programs(env func(string) string, glob func(string) ([]string, error)) (string, error) {
	if dir := env("PGBIN"); dir != "" {
		return dir, nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if _, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(path), nil
		}
	}
	best, version := "", -1
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, err := glob(pattern)
		if err != nil {
			return "", err
		}
		for _, dir := range found {
			if v := versionOf(dir); v > version {
				best, version = dir, v
			}
		}
	}
	if best == "" {
		return "", errors.New("there is no PostgreSQL on this machine: install it (apt-get install postgresql, brew install postgresql), name its folder in PGBIN, or declare the database sqldb.Portable")
	}
	return best, nil
}

// versionOf is the number in the name of an installation's folder, 0 for none.
func versionOf(bin string) int {
	name := filepath.Base(filepath.Dir(bin))
	i := strings.IndexAny(name, "0123456789")
	if i < 0 {
		return 0
	}
	digits := name[i:]
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	v, _ := strconv.Atoi(digits) // digits, of which too many are no version
	return v
}

// as runs a command as the user postgres, where this process is root, as whom
// PostgreSQL refuses to run.
func as(args []string) []string {
	if os.Geteuid() != 0 {
		return args
	}
	return append([]string{"runuser", "-u", "postgres", "--"}, args...)
}

// give makes a folder the server's.
func give(folder string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	return os.Chown(folder, uid, gid)
}

// letThrough lets the server through the folder of the embedded data to its own: the
// other drivers make it for root alone, and keep what is in it so.
func letThrough(folder string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	return os.Chmod(folder, info.Mode().Perm()|0o011)
}
