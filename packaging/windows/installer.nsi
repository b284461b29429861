; The installer for one person: no administrator, nothing outside the person's own folders and keys.
; build.sh names VERSION, NUMBERS, PROGRAMS, FILES and OUT.
;
;   setup.exe /S [/AUTOSTART=0]   without questions
;   uninstall.exe /S              without questions; what Tabferry stores stays

; Debian's usual stub is for 32 bits; it does nothing, silently, where only 64 are supported.
Target amd64-unicode
Unicode true
ManifestDPIAware true
ManifestSupportedOS Win10
RequestExecutionLevel user
SetCompressor /SOLID lzma
SetDateSave off

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include "${__FILEDIR__}/path.nsh"

!define ID "io.github.tabferry.Tabferry"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${ID}"
!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define IDENTITY "Software\Classes\AppUserModelId\${ID}"

Name "Tabferry"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Tabferry"
BrandingText "Tabferry ${VERSION}"
VIProductVersion "${NUMBERS}"
VIAddVersionKey ProductName "Tabferry"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Tabferry Setup"
VIAddVersionKey CompanyName "The Tabferry authors"
VIAddVersionKey LegalCopyright "The Tabferry authors"

!define MUI_ICON "${FILES}/tabferry.ico"
!define MUI_UNICON "${FILES}/tabferry.ico"
!define MUI_ABORTWARNING
!define MUI_COMPONENTSPAGE_NODESC
!define MUI_FINISHPAGE_RUN "$INSTDIR\tabferry-window.exe"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English
!insertmacro MUI_LANGUAGE German
!insertmacro MUI_LANGUAGE French

LangString PROGRAMS ${LANG_ENGLISH} "Tabferry"
LangString PROGRAMS ${LANG_GERMAN} "Tabferry"
LangString PROGRAMS ${LANG_FRENCH} "Tabferry"
LangString AUTOSTART ${LANG_ENGLISH} "Start at login"
LangString AUTOSTART ${LANG_GERMAN} "Beim Anmelden starten"
LangString AUTOSTART ${LANG_FRENCH} "Lancer à l’ouverture de session"
LangString COMMAND ${LANG_ENGLISH} "Command “tabferry” in terminals"
LangString COMMAND ${LANG_GERMAN} "Befehl „tabferry“ in Terminals"
LangString COMMAND ${LANG_FRENCH} "Commande « tabferry » dans les terminaux"
LangString FORGET ${LANG_ENGLISH} "Sign out and remove what Tabferry stores too: account, received and sent tabs, settings?"
LangString FORGET ${LANG_GERMAN} "Auch abmelden und entfernen, was Tabferry speichert: Konto, empfangene und gesendete Tabs, Einstellungen?"
LangString FORGET ${LANG_FRENCH} "Se déconnecter et supprimer aussi ce que Tabferry conserve : compte, onglets reçus et envoyés, paramètres ?"

; quiet COMMAND runs our own program without a window of its own; that one of an earlier version fails, or
; is not there, is no reason to stop. Its exit code goes.
!macro quiet command
  nsExec::Exec '"$INSTDIR\tabferry.exe" ${command}'
  Pop $0
!macroend

; aside FILE makes room for a program. One that runs, a window that is open say, cannot be written over
; but can be renamed; it goes with the next restart.
!macro aside file
  Delete "$INSTDIR\old-${file}"
  ClearErrors
  Delete "$INSTDIR\${file}"
  ${If} ${Errors}
    Rename "$INSTDIR\${file}" "$INSTDIR\old-${file}"
    Delete /REBOOTOK "$INSTDIR\old-${file}"
  ${EndIf}
!macroend

Section "$(PROGRAMS)" SECTION_PROGRAMS
  SectionIn RO
  StrCpy $8 absent
  ${If} ${FileExists} "$INSTDIR\tabferry.exe"
    !insertmacro quiet "status"
    StrCpy $8 $0 ; 0 with an agent, which is started anew below
    !insertmacro quiet "quit --force"
    !insertmacro quiet "--demo quit"
  ${EndIf}
  !insertmacro aside tabferry.exe
  !insertmacro aside tabferry-window.exe
  SetOutPath "$INSTDIR"
  File "${PROGRAMS}/tabferry.exe"
  File "${PROGRAMS}/tabferry-window.exe"
  File "${FILES}/tabferry.ico"
  File "${FILES}/LICENSE.txt"
  File "${FILES}/third-party-licences.txt"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortCut "$SMPROGRAMS\Tabferry.lnk" "$INSTDIR\tabferry-window.exe" "" "$INSTDIR\tabferry.ico"

  ; Who our toasts are from. The agent writes the same, with a picture of its own.
  WriteRegStr HKCU "${IDENTITY}" DisplayName "Tabferry"
  WriteRegStr HKCU "${IDENTITY}" IconUri "$INSTDIR\tabferry.ico"

  WriteRegStr HKCU "${UNINSTALL}" DisplayName "Tabferry"
  WriteRegStr HKCU "${UNINSTALL}" DisplayVersion "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" DisplayIcon "$INSTDIR\tabferry.ico"
  WriteRegStr HKCU "${UNINSTALL}" Publisher "The Tabferry authors"
  WriteRegStr HKCU "${UNINSTALL}" URLInfoAbout "https://github.com/tabferry/tabferry"
  WriteRegStr HKCU "${UNINSTALL}" InstallLocation "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" UninstallString '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" QuietUninstallString '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" NoModify 1
  WriteRegDWORD HKCU "${UNINSTALL}" NoRepair 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${UNINSTALL}" EstimatedSize $0
  !insertmacro quiet "extension install" ; for the browsers that are there
  ${If} $8 == 0
    !insertmacro quiet "window --hidden"
  ${EndIf}
SectionEnd

Section "$(COMMAND)" SECTION_COMMAND
  Call AddToPath
SectionEnd

; Starting at login is a setting of the program, which writes the entry itself.
Section "$(AUTOSTART)" SECTION_AUTOSTART
  !insertmacro quiet "settings startAtLogin=true"
SectionEnd

Function .onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/AUTOSTART=" $1
  ReadRegStr $2 HKCU "${UNINSTALL}" DisplayVersion
  ${If} $1 == 0
  ${OrIf} $2 != "" ; an update leaves the setting as it is
    SectionGetFlags ${SECTION_AUTOSTART} $3
    IntOp $3 $3 & ~${SF_SELECTED}
    SectionSetFlags ${SECTION_AUTOSTART} $3
  ${EndIf}
FunctionEnd

Section Uninstall
  MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(FORGET)" /SD IDNO IDNO keep
  !insertmacro quiet "signout --purge"
  StrCpy $9 forget
keep:
  !insertmacro quiet "extension remove"
  !insertmacro quiet "quit --force"
  !insertmacro quiet "--demo quit"
  ${If} $9 == forget
    RMDir /r "$LOCALAPPDATA\tabferry"
    RMDir /r "$LOCALAPPDATA\tabferry-demo"
  ${EndIf}
  !insertmacro aside tabferry.exe
  !insertmacro aside tabferry-window.exe
  Delete "$INSTDIR\tabferry.ico"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\third-party-licences.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR" ; never with what is not ours in it
  Delete "$SMPROGRAMS\Tabferry.lnk"
  Delete "$TEMP\${ID}.png"
  Call un.RemoveFromPath
  DeleteRegValue HKCU "${RUN}" "${ID}"
  DeleteRegKey HKCU "${IDENTITY}"
  DeleteRegKey /ifempty HKCU "Software\Classes\AppUserModelId"
  DeleteRegKey HKCU "${UNINSTALL}"
SectionEnd
