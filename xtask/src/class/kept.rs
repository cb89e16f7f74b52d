//! What is kept of a class in its folder: the passwords, how many servers there are, and, while it
//! runs, where it is found. The servers keep the log beside it.
//!
//! The folder is all there is to a class. It never writes to another one, and never deletes a log.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

const CLASS: &str = "class.json";
const LOCK: &str = "lock";
const RUNNING: &str = "running.json";

/// Letters and digits that nobody takes for others when they are read from a projector: neither `0` and
/// `o` nor `1` and `l`. There are 32, so that each is as likely as any other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The roles, and how many letters and digits the secrets of each have. People type the short ones.
const ROLES: [(&str, usize); 4] = [("keep", 32), ("lead", 16), ("act", 8), ("watch", 8)];

/// The passwords of the server's users, such as `act-k7m2x9pq`. The role comes first, so that no
/// password reads as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// For whoever keeps the server: this tool.
    pub keep: String,
    /// For the teacher.
    pub lead: String,
    /// For those who take part.
    pub act: String,
    /// For those who look on.
    pub watch: String,
}

impl Tokens {
    fn new() -> Result<Self> {
        Self::from(|role, length| Ok(format!("{role}-{}", secret(length)?)))
    }

    fn read(class: &Value) -> Result<Self> {
        Self::from(|role, length| {
            let token = class[role].as_str().filter(|it| is_token(it, role, length));
            Ok(token.with_context(|| format!("the password for `{role}` is not whole"))?.to_owned())
        })
    }

    fn from(make: impl Fn(&str, usize) -> Result<String>) -> Result<Self> {
        let [keep, lead, act, watch] = ROLES.map(|(role, length)| make(role, length));
        Ok(Self { keep: keep?, lead: lead?, act: act?, watch: watch? })
    }
}

fn secret(length: usize) -> Result<String> {
    let mut random = vec![0; length];
    getrandom::fill(&mut random)
        .ok()
        .context("the operating system gives no random numbers for passwords")?;
    Ok(random.iter().map(|it| char::from(ALPHABET[usize::from(it % 32)])).collect())
}

fn is_token(text: &str, role: &str, length: usize) -> bool {
    text.strip_prefix(role).and_then(|it| it.strip_prefix('-')).is_some_and(|secret| {
        secret.len() == length && secret.bytes().all(|it| ALPHABET.contains(&it))
    })
}

/// The folder of a class that nobody else runs.
#[derive(Debug)]
pub struct Kept {
    pub folder: PathBuf,
    pub nodes: usize,
    pub tokens: Tokens,
    lock: File,
}

impl Kept {
    /// Opens the folder of a class, or begins a class in a folder that is empty or not there. `nodes`
    /// is how many servers somebody asks for.
    pub fn open(folder: &Path, nodes: Option<usize>) -> Result<Self> {
        Self::open_within(folder, nodes, PATIENCE)
    }

    fn open_within(folder: &Path, nodes: Option<usize>, patience: u32) -> Result<Self> {
        make_private_folder(folder)?;
        let file = folder.join(CLASS);
        if !file.exists() && holds_something_else(folder)? {
            bail!(
                "{} holds something else than a class: choose an empty folder, or one that is not \
                 there yet, as in `--data {}`",
                folder.display(),
                folder.join("class-data").display()
            );
        }
        let lock = locked(folder, patience)?;
        let (known, tokens) = match fs::read_to_string(&file) {
            Ok(text) => understood(&text).with_context(|| {
                format!(
                    "{} is damaged: take it from a copy of the folder, or delete the folder and \
                     with it the class",
                    file.display()
                )
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => begin(&file, nodes.unwrap_or(1))?,
            Err(error) => {
                return Err(error).context(format!("could not read {}", file.display()));
            }
        };
        if let Some(asked) = nodes.filter(|it| *it != known) {
            bail!(
                "the class in {} is kept by {}, not by {}: leave `--nodes` out, or begin another \
                 class with `--data OTHER-FOLDER`",
                folder.display(),
                servers(known),
                servers(asked)
            );
        }
        Ok(Self { folder: folder.to_owned(), nodes: known, tokens, lock })
    }

    /// The folder's lock. It holds as long as this program or one that was given it runs.
    pub fn lock(&self) -> Result<File> {
        self.lock.try_clone().context("the folder's lock cannot be handed on")
    }

    /// Says to other commands where the class is found, until the result is dropped.
    pub fn announce(&self, port: u16) -> Result<Announced> {
        let file = self.folder.join(RUNNING);
        let text = json!({ "port": port, "pid": process::id() });
        fs::write(&file, format!("{text}\n"))
            .with_context(|| format!("could not write {}", file.display()))?;
        Ok(Announced(file))
    }
}

/// `1 server`, `3 servers`.
pub fn servers(count: usize) -> String {
    format!("{count} server{}", if count == 1 { "" } else { "s" })
}

/// The port of the class that runs from a folder, and the teacher's password.
pub fn running(folder: &Path) -> Result<(u16, String)> {
    let read = |name: &str| -> Result<Value> {
        let text = fs::read_to_string(folder.join(name)).ok();
        let read = text.and_then(|it| serde_json::from_str(&it).ok());
        read.with_context(|| not_running(folder))
    };
    let port = read(RUNNING)?["port"].as_u64().and_then(|it| u16::try_from(it).ok());
    let tokens = Tokens::read(&read(CLASS)?)?;
    Ok((port.with_context(|| not_running(folder))?, tokens.lead))
}

/// What to say when the class of a folder does not run.
pub fn not_running(folder: &Path) -> String {
    format!("no class runs from {}: `cargo xtask class` starts one", folder.display())
}

/// Takes the note about where the class is found away again.
pub struct Announced(PathBuf);

impl Drop for Announced {
    fn drop(&mut self) {
        // The note may be gone with the whole folder.
        let _ = fs::remove_file(&self.0);
    }
}

fn begin(file: &Path, nodes: usize) -> Result<(usize, Tokens)> {
    let tokens = Tokens::new()?;
    let Tokens { keep, lead, act, watch } = &tokens;
    let text = json!({ "nodes": nodes, "keep": keep, "lead": lead, "act": act, "watch": watch });
    // The file is there whole or not at all.
    let new = file.with_extension("new");
    write_private(&new, &format!("{text:#}\n"))
        .and_then(|()| fs::rename(&new, file))
        .with_context(|| format!("could not write {}", file.display()))?;
    Ok((nodes, tokens))
}

fn understood(text: &str) -> Result<(usize, Tokens)> {
    let class: Value = serde_json::from_str(text).context("it is no JSON")?;
    let nodes = match class["nodes"].as_u64() {
        Some(1) => 1,
        Some(3) => 3,
        _ => bail!("it names neither 1 nor 3 servers"),
    };
    Ok((nodes, Tokens::read(&class)?))
}

fn holds_something_else(folder: &Path) -> Result<bool> {
    let told = || format!("could not read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(told)? {
        let name = entry.with_context(told)?.file_name();
        // This tool may have been stopped as it began the class.
        if name != LOCK && name != "class.new" {
            return Ok(true);
        }
    }
    Ok(false)
}

const PAUSE: Duration = Duration::from_millis(100);
/// The servers of a command that was killed take a moment to end. Ten seconds, counted in pauses.
const PATIENCE: u32 = 100;

fn locked(folder: &Path, patience: u32) -> Result<File> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("could not write {}", path.display()))?;
    for _ in 0..patience {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) => {
                let port = running(folder).map(|(port, _)| port);
                if port.is_ok_and(|it| TcpStream::connect((Ipv4Addr::LOCALHOST, it)).is_ok()) {
                    break;
                }
                thread::sleep(PAUSE);
            }
            Err(fs::TryLockError::Error(error)) => {
                return Err(error).context(format!("could not lock {}", path.display()));
            }
        }
    }
    bail!(
        "the class in {} runs already: stop it with Ctrl+C where it was started, or begin another \
         one with `--data OTHER-FOLDER`",
        folder.display()
    )
}

fn make_private_folder(folder: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))
}

/// Writes a file that only this person may read.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    // An older file would keep its own permissions.
    let _ = fs::remove_file(file);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("leftfold-kept-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_token_is_a_role_and_a_secret_that_nobody_misreads() {
        let tokens = Tokens::new().unwrap();
        for (token, role, length) in [
            (&tokens.keep, "keep", 32),
            (&tokens.lead, "lead", 16),
            (&tokens.act, "act", 8),
            (&tokens.watch, "watch", 8),
        ] {
            assert!(is_token(token, role, length), "{token}");
            let secret = &token[role.len() + 1..];
            assert!(!secret.contains(['0', 'o', '1', 'l']), "{token}");
        }
        assert_ne!(tokens, Tokens::new().unwrap());
        for wrong in ["act-0bcdefgh", "act-abcdefg", "act-abcdefghi", "abcdefgh", "watch-abcdefgh"]
        {
            assert!(!is_token(wrong, "act", 8), "{wrong}");
        }
    }

    #[test]
    fn secrets_use_the_whole_alphabet() {
        let secret = secret(10_000).unwrap();
        assert!(ALPHABET.iter().all(|it| secret.contains(char::from(*it))));
    }

    #[test]
    fn a_class_keeps_its_passwords_and_its_number_of_servers() {
        let folder = folder("again");
        let first = Kept::open(&folder, Some(3)).unwrap();
        let (nodes, tokens) = (first.nodes, first.tokens.clone());
        drop(first);
        for asked in [None, Some(3)] {
            let again = Kept::open(&folder, asked).unwrap();
            assert_eq!((again.nodes, &again.tokens), (nodes, &tokens));
        }
        let told = Kept::open(&folder, Some(1)).unwrap_err().to_string();
        assert!(told.contains("is kept by 3 servers, not by 1 server"), "{told}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_passwords() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("private");
        drop(Kept::open(&folder, None).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(CLASS))), (0o700, 0o600));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_that_holds_something_else_is_left_alone() {
        let folder = folder("other");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("letters.txt"), "").unwrap();
        let told = Kept::open(&folder, None).unwrap_err().to_string();
        assert!(told.contains("holds something else"), "{told}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn passwords_that_are_not_whole_are_refused() {
        let folder = folder("damaged");
        drop(Kept::open(&folder, None).unwrap());
        fs::write(folder.join(CLASS), r#"{ "nodes": 1, "act": "act-" }"#).unwrap();
        let told = format!("{:#}", Kept::open(&folder, None).unwrap_err());
        assert!(told.contains("is damaged"), "{told}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_class_runs_once_and_says_where() {
        let folder = folder("once");
        let kept = Kept::open(&folder, None).unwrap();
        let told = Kept::open_within(&folder, None, 1).unwrap_err().to_string();
        assert!(told.contains("runs already"), "{told}");
        assert!(running(&folder).unwrap_err().to_string().starts_with("no class runs from"));
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let announced = kept.announce(port).unwrap();
        assert_eq!(running(&folder).unwrap(), (port, kept.tokens.lead.clone()));
        // This must not take ten seconds: the class answers.
        assert!(Kept::open(&folder, None).is_err());
        drop(announced);
        assert!(running(&folder).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
