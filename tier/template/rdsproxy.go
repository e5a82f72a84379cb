package template

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// What a proxy has that nobody declares.
const (
	proxyIdleSeconds = 900 // after which it closes the connection of a sandbox, which is frozen or gone
	proxyConnections = 90  // percent of the database's, which leaves some for its owner
	maxBorrowSeconds = 120 // which is what RDS waits by itself
	maxProxyName     = 60
)

// proxyFamily is the protocol of a proxy, and clientPassword how functions prove to it
// that they know a password.
var (
	proxyFamily = map[sqldb.Dialect]string{
		sqldb.DialectPostgres: "POSTGRESQL",
		sqldb.DialectMySQL:    "MYSQL",
	}
	clientPassword = map[sqldb.Dialect]string{
		sqldb.DialectPostgres: "POSTGRES_SCRAM_SHA_256",
		sqldb.DialectMySQL:    "MYSQL_CACHING_SHA2_PASSWORD",
	}
)

// proxy adds the RDS Proxy of a database: in its subnets, by TLS alone, let in by the
// functions that use it and let out to the database's port. It logs in by tokens of a
// role of its own, or by the secrets of the functions' logins. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbproxy.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbproxytargetgroup.html.
func (s *stack) proxy(store usedStore, spec sqldb.Spec) {
	id := policy.ProxyID(spec)
	s.proxyGroup(store, spec)
	s.proxyRole(store, spec)
	s.add(resource{id: id, typ: "AWS::RDS::DBProxy", at: store.at, properties: append(object{
		{"DBProxyName", ownName(spec.Name(), maxProxyName)},
		{"EngineFamily", proxyFamily[spec.Dialect()]},
		{"RoleArn", getAtt(policy.ProxyRoleID(spec), "Arn")},
		{"RequireTLS", true},
		{"IdleClientTimeout", proxyIdleSeconds},
		{"VpcSubnetIds", s.subnets()},
		{"VpcSecurityGroupIds", array{getAtt(proxyGroupID(spec), "GroupId")}},
	}, s.proxyLogins(spec)...)})

	target, targets := "DBInstanceIdentifiers", object(nil)
	if spec.Aurora() {
		// The cluster does not name its instances, and must have them.
		target, targets = "DBClusterIdentifiers", object{{"DependsOn", array{auroraInstanceID(spec), auroraReaderID(spec)}}}
	}
	s.add(resource{id: id + "Targets", typ: "AWS::RDS::DBProxyTargetGroup", at: store.at, attributes: targets, properties: object{
		{"DBProxyName", ref(id)},
		{"TargetGroupName", "default"}, // there is no other
		{target, array{ref(policy.StoreID(spec))}},
		{"ConnectionPoolConfigurationInfo", object{
			{"MaxConnectionsPercent", proxyConnections},
			{"ConnectionBorrowTimeout", s.borrowSeconds(spec)},
		}},
	}})
	if spec.Aurora() {
		s.proxyReader(store, spec)
	}
}

// proxyReader adds the endpoint of a proxy for those who only read, which leads to
// instances that only read and, unlike that of a cluster without any, never to the
// writer. See
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-endpoints.html#rds-proxy-endpoints-reader.
func (s *stack) proxyReader(store usedStore, spec sqldb.Spec) {
	id := policy.ProxyID(spec)
	s.add(resource{
		id: proxyReaderID(spec), typ: "AWS::RDS::DBProxyEndpoint", at: store.at,
		attributes: object{{"DependsOn", array{id + "Targets"}}},
		properties: object{
			{"DBProxyEndpointName", ownName(spec.Name()+"-reader", maxProxyName)},
			{"DBProxyName", ref(id)},
			{"TargetRole", "READ_ONLY"},
			{"VpcSubnetIds", s.subnets()},
			{"VpcSecurityGroupIds", array{getAtt(proxyGroupID(spec), "GroupId")}},
		},
	})
}

// proxyReaderID is the logical id of that endpoint, proxyGroupID that of the security
// group of both.
func proxyReaderID(spec sqldb.Spec) string { return policy.ProxyID(spec) + "Reader" }

func proxyGroupID(spec sqldb.Spec) string { return policy.ProxyID(spec) + "Group" }

// proxyLogins are how functions log in to a proxy and it to the database: both by
// tokens, or both by the passwords that it knows from the secrets.
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-iam-setup.html.
func (s *stack) proxyLogins(spec sqldb.Spec) object {
	var logins array
	for _, login := range policy.ProxySecrets(s.app, spec) {
		arn := ref(policy.StoreID(login))
		if db, ok := policy.MasterOf(s.usages(), login); ok {
			arn = sub("${" + policy.MasterSecret(db) + "}")
		}
		logins = append(logins, object{
			{"AuthScheme", "SECRETS"},
			{"SecretArn", arn},
			{"IAMAuth", "DISABLED"},
			{"ClientPasswordAuthType", clientPassword[spec.Dialect()]},
		})
	}
	if len(logins) == 0 {
		return object{{"DefaultAuthScheme", "IAM_AUTH"}}
	}
	return object{{"Auth", logins}}
}

// proxyRole adds the role by which a proxy logs in.
func (s *stack) proxyRole(store usedStore, spec sqldb.Spec) {
	trust := object{
		{"Effect", "Allow"},
		{"Principal", object{{"Service", "rds.amazonaws.com"}}},
		{"Action", "sts:AssumeRole"},
	}
	properties := object{{"AssumeRolePolicyDocument", document(trust)}}
	if statements := policy.ProxyStatements(s.app, spec); len(statements) > 0 {
		properties = roleOf(statements, trust)
	}
	s.add(resource{id: policy.ProxyRoleID(spec), typ: "AWS::IAM::Role", at: store.at, properties: properties})
}

// proxyGroup adds the security group of a proxy, which reaches the database and
// nothing else. What it asks of other services does not go by the network.
func (s *stack) proxyGroup(store usedStore, spec sqldb.Spec) {
	id, port := proxyGroupID(spec), spec.Dialect().Port()
	database := getAtt(storeGroupID(spec), "GroupId")
	s.add(resource{id: id, typ: "AWS::EC2::SecurityGroup", at: store.at, properties: object{
		{"GroupDescription", "Proxy of database " + spec.Name()},
		{"VpcId", ref(networkID)},
		{"SecurityGroupEgress", array{object{
			{"IpProtocol", "tcp"}, {"FromPort", port}, {"ToPort", port},
			{"DestinationSecurityGroupId", database},
			{"Description", "sqldb " + spec.Name()},
		}}},
	}})
	s.ingress(id, storeGroupID(spec), database, port, store.at)
}

// borrowSeconds is how long a statement waits at a proxy for a connection to the
// database: half the time of the function that has least, which can then still say so.
func (s *stack) borrowSeconds(spec sqldb.Spec) int {
	shortest := 2 * maxBorrowSeconds * time.Second
	for _, f := range s.app.Functions() {
		for _, u := range datastore.Usages(f.Grants()) {
			if datastore.Same(u.Spec, spec) && spec.Proxied(u.Ops) {
				shortest = min(shortest, f.Timeout())
			}
		}
	}
	return max(1, int(shortest.Seconds())/2)
}
