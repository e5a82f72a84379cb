package template

import (
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// What a database has that nobody declares.
const (
	databaseOwner = "app_owner"    // the user who makes its tables; RDS keeps the password
	instanceClass = "db.t4g.micro" // of an instance; Aurora is serverless
	storageGB     = 20             // of an instance, at first
	maxStorageGB  = 200            // to which it grows by itself
	backupDays    = 7              // how long backups are kept
	minCapacity   = 0.5            // Aurora capacity units
	maxCapacity   = 8
)

// engineVersions are the versions in which databases are made, with the families of
// their parameters: a parameter group is of one major version. RDS upgrades the minor
// ones by itself.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbparametergroup.html.
var engineVersions = map[sqldb.Engine]struct{ version, family string }{
	sqldb.Postgres:       {"17.7", "postgres17"},
	sqldb.AuroraPostgres: {"17.7", "aurora-postgresql17"},
	sqldb.MySQL:          {"8.4.8", "mysql8.4"},
	sqldb.AuroraMySQL:    {"8.0.mysql_aurora.3.10.3", "aurora-mysql8.0"},
}

// databaseTLS are the parameters by which an engine refuses connections without TLS.
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html,
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Security.html and
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html.
var databaseTLS = map[sqldb.Engine]object{
	sqldb.Postgres:       {{"rds.force_ssl", "1"}},
	sqldb.AuroraPostgres: {{"rds.force_ssl", "1"}},
	sqldb.MySQL:          {{"require_secure_transport", "1"}},
	sqldb.AuroraMySQL:    {{"require_secure_transport", "ON"}},
}

// databaseParameters adds the parameter group of a database, and is how the database names it
// and the version that it is for.
func (s *stack) databaseParameters(store usedStore, spec sqldb.Spec) object {
	id, typ, name := policy.StoreID(spec)+"Parameters", "AWS::RDS::DBParameterGroup", "DBParameterGroupName"
	if spec.Aurora() {
		typ, name = "AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupName"
	}
	engine := engineVersions[spec.Engine]
	s.add(resource{id: id, typ: typ, at: store.at, properties: object{
		{"Description", "Database " + spec.Name()},
		{"Family", engine.family},
		{"Parameters", databaseTLS[spec.Engine]},
	}})
	return object{{"EngineVersion", engine.version}, {name, ref(id)}}
}

// database adds an RDS instance, or a serverless Aurora cluster with one instance:
// encrypted, in the private network, reached by TLS alone, logged in to by tokens of
// roles or by secrets, protected from deletion. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html.
func (s *stack) database(store usedStore, spec sqldb.Spec) {
	id := policy.StoreID(spec)
	if spec.Engine == sqldb.DSQL {
		s.add(resource{
			id: id, typ: "AWS::DSQL::Cluster", at: store.at,
			attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
			properties: object{{"DeletionProtectionEnabled", true}},
		})
		return
	}
	s.group(storeGroupID(spec), "Database "+spec.Name(), store.at)
	s.add(resource{id: id + "Subnets", typ: "AWS::RDS::DBSubnetGroup", at: store.at, properties: object{
		{"DBSubnetGroupDescription", "Database " + spec.Name()},
		{"SubnetIds", s.subnets()},
	}})
	common := object{
		{"Engine", string(spec.Engine)},
		{"MasterUsername", databaseOwner},
		{"ManageMasterUserPassword", true},
	}
	common = append(append(common, masterKey(spec)...), object{
		{"EnableIAMDatabaseAuthentication", true},
		{"StorageEncrypted", true},
		{"DeletionProtection", true},
		{"BackupRetentionPeriod", backupDays},
		{"DBSubnetGroupName", ref(id + "Subnets")},
	}...)
	common = append(common, s.databaseParameters(store, spec)...)
	groups := array{getAtt(storeGroupID(spec), "GroupId")}
	if spec.Aurora() {
		s.auroraCluster(store, spec, append(common, member{"VpcSecurityGroupIds", groups}))
		return
	}
	s.add(resource{
		id: id, typ: "AWS::RDS::DBInstance", at: store.at,
		attributes: object{{"DeletionPolicy", "Snapshot"}, {"UpdateReplacePolicy", "Snapshot"}},
		properties: append(common,
			member{"VPCSecurityGroups", groups},
			member{"DBName", databaseName(spec)},
			member{"DBInstanceClass", instanceClass},
			member{"AllocatedStorage", strconv.Itoa(storageGB)},
			member{"MaxAllocatedStorage", maxStorageGB},
			member{"StorageType", "gp3"},
			member{"CopyTagsToSnapshot", true},
			member{"PubliclyAccessible", false},
		),
	})
}

func (s *stack) auroraCluster(store usedStore, spec sqldb.Spec, common object) {
	id := policy.StoreID(spec)
	s.add(resource{
		id: id, typ: "AWS::RDS::DBCluster", at: store.at,
		attributes: object{{"DeletionPolicy", "Snapshot"}, {"UpdateReplacePolicy", "Snapshot"}},
		properties: append(common,
			member{"DatabaseName", databaseName(spec)},
			member{"CopyTagsToSnapshot", true},
			member{"EnableHttpEndpoint", spec.DataAPI},
			member{"ServerlessV2ScalingConfiguration", object{{"MinCapacity", minCapacity}, {"MaxCapacity", maxCapacity}}},
		),
	})
	s.auroraInstance(store, spec, auroraInstanceID(spec))
	if spec.Proxy {
		s.auroraInstance(store, spec, auroraReaderID(spec))
	}
}

func (s *stack) auroraInstance(store usedStore, spec sqldb.Spec, id string) {
	s.add(resource{id: id, typ: "AWS::RDS::DBInstance", at: store.at, properties: object{
		{"Engine", string(spec.Engine)},
		{"DBClusterIdentifier", ref(policy.StoreID(spec))},
		{"DBInstanceClass", "db.serverless"},
		{"PubliclyAccessible", false},
	}})
}

// auroraInstanceID is the logical id of the instance of a cluster, auroraReaderID that
// of the second one of a cluster with a proxy, which reads until it takes over.
func auroraInstanceID(spec sqldb.Spec) string { return policy.StoreID(spec) + "Instance" }

func auroraReaderID(spec sqldb.Spec) string { return policy.StoreID(spec) + "Second" }

// masterKey is the key that the master user's secret is declared to have, if any.
func masterKey(spec sqldb.Spec) object {
	if spec.Owner.Login == nil {
		return nil
	}
	if own, ok := spec.Owner.Login.Spec().(secret.Spec); ok && own.Key != nil {
		return object{{"MasterUserSecret", object{{"KmsKeyId", ref(policy.StoreID(own.Key))}}}}
	}
	return nil
}

// databaseName is the name of the database in its instance or cluster.
func databaseName(spec sqldb.Spec) string {
	return strings.ToLower(strings.ReplaceAll(spec.Name(), "-", "_"))
}

// databaseURL is what the driver finds a database by.
func databaseURL(spec sqldb.Spec) reference {
	id, proxy := policy.StoreID(spec), policy.ProxyID(spec)
	switch {
	case spec.Engine == sqldb.DSQL:
		return ref(id)
	case spec.DataAPI:
		return sub("${" + id + ".DBClusterArn}/" + databaseName(spec))
	case spec.Proxy && spec.Aurora():
		return sub(string(spec.Dialect()) + "://${" + proxy + ".Endpoint}:" + portText(spec) + "/" + databaseName(spec) +
			"?reader=${" + proxyReaderID(spec) + ".Endpoint}&owner=${" + id + ".Endpoint.Address}")
	case spec.Proxy:
		return sub(string(spec.Dialect()) + "://${" + proxy + ".Endpoint}:" + portText(spec) + "/" + databaseName(spec) +
			"?owner=${" + id + ".Endpoint.Address}")
	case spec.Aurora():
		return sub(string(spec.Dialect()) + "://${" + id + ".Endpoint.Address}:${" + id + ".Endpoint.Port}/" + databaseName(spec) +
			"?reader=${" + id + ".ReadEndpoint.Address}")
	}
	return sub(string(spec.Dialect()) + "://${" + id + ".Endpoint.Address}:${" + id + ".Endpoint.Port}/" + databaseName(spec))
}

// portText is the port of a proxy, which is always that of the protocol.
func portText(spec sqldb.Spec) string { return strconv.Itoa(spec.Dialect().Port()) }
