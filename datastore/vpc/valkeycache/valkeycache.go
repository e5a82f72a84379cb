// Package valkeycache keeps caches in Amazon ElastiCache for Valkey or Redis OSS,
// node-based or serverless, and in any other Valkey or Redis server.
//
//	func main() { run.Main(newApp, valkeycache.Driver) }
//
// [Driver] takes region and credentials, which an IAM login is signed with, from
// the environment of a Lambda function; [With] takes any others. Nothing is read
// and nothing is connected before the first operation.
//
// # Endpoint
//
// The variable TIERKIT_CACHE_<NAME>, which the generated template sets, holds a
// URL:
//
//	rediss://USER@HOST:6379?iam=CACHE            IAM login to the replication group or serverless cache CACHE
//	rediss://USER@HOST:6379?iam=CACHE&cluster=1  the same in cluster mode, with the configuration endpoint
//	rediss://HOST:6379                           user and password from the secret of cache.WithLogin, or none
//	rediss://USER:PASSWORD@HOST:6379?ca=FILE     for tests: FILE has the certificates to trust, in PEM
//	redis://HOST:6379                            without TLS
//
// The schemes valkeys and valkey are the same as rediss and redis. The port is
// 6379 if there is none. A serverless cache is in cluster mode unless the URL says
// cluster=0. CloudFormation has HOST in the attributes PrimaryEndPoint.Address and
// ConfigurationEndPoint.Address of a replication group, and Endpoint.Address of a
// serverless cache.
//
// # Permissions
//
// An IAM login needs elasticache:Connect on the cache and on its user, whose id is
// its name. A token, which is good for 15 minutes, is signed for each connection,
// and connections are made anew before ElastiCache ends them after 12 hours. What a user may do is said by its access string; this package sends GET,
// MGET, SET, DEL, INCRBY, EVAL, PING and, in cluster mode, CLUSTER, and in scripts
// EXISTS, HMGET, HSET, HDEL, PEXPIRE and TIME.
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
// and https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
//
// # Consistency
//
// All reads go to the primary. A failover may lose the last writes, of which locks
// are some.
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html
//
// # Time and faults
//
// One connection to each node serves all operations of a cache. If it was not used
// for a second, by the wall clock, it is asked for a sign of life before it is used
// again, because a sandbox is frozen between invocations; if that does not come
// within 250 ms, another one is made. Reads, Set, Delete, Lock, Extend and Unlock
// are repeated within the deadline of the context; Incr and Add only if they were
// certainly not carried out, else they answer datastore.ErrUnknown, as does every
// other write that failed after an answer was lost. A user and a password that were
// refused are taken from their secret once more. A server that loads its data, that
// has become a replica, whose cluster is down or whose memory is full answers
// datastore.ErrUnavailable. One that is in cluster mode although the URL does not
// say so, and one that calls a request wrong, answers datastore.ErrDeclaration. The
// error of the client is found by errors.As; it may hold keys and values, and the
// text of ours does not.
package valkeycache

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// Driver opens caches, and logs in to them as the function's role.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("ELASTICACHE", itself))

// With opens caches, and logs in to them with the region and the credentials of
// cfg. Nothing else of it is used.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, itself)) }

// itself is the configuration as the client: there is no request to AWS, only a
// signature.
func itself(cfg aws.Config) aws.Config { return cfg }

type driver struct {
	config *iam.Client[aws.Config]
	rules  *retry.Rules
}

var _ cache.Driver = (*driver)(nil)

func newDriver(config *iam.Client[aws.Config]) *driver { return &driver{config, retry.New(nil)} }

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "cache".
func (d *driver) Kind() string { return "cache" }

// Name is "valkeycache".
func (d *driver) Name() string { return "valkeycache" }

// OpenCache implements [cache.Driver]. It sends nothing.
func (d *driver) OpenCache(_ context.Context, data *datastore.Data, spec cache.Spec) (cache.Conn, error) {
	variable := datastore.Variable(spec)
	text, ok := data.Physical(spec)
	if !ok || text == "" {
		return nil, unavailable(fmt.Errorf("%s is not set; it holds the URL of the cache (the generated template sets it)", variable))
	}
	to, err := parseEndpoint(text, spec)
	if err != nil {
		return nil, unavailable(fmt.Errorf("%s: %w", variable, err))
	}
	login, err := d.login(data, spec, to)
	if err != nil {
		return nil, err
	}
	dial, err := to.dialer()
	if err != nil {
		return nil, unavailable(fmt.Errorf("%s: %w", variable, err))
	}
	return &conn{sessions: newSessions(to, login, dial, data.Now), rules: d.rules, cluster: to.cluster}, nil
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}
